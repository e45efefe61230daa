/** node-zookeeper-client, through its own API. It has no types, and one-shot watches only. */
import { createRequire } from "node:module"
import { paths, type Result, sizes, type Spec } from "../spec.ts"
import { closedLoop, inTurns, type Issue } from "./closedLoop.ts"
import * as memory from "./memory.ts"
import { Meter } from "./Meter.ts"

const library = createRequire(import.meta.url)("node-zookeeper-client")
const data = Buffer.alloc(sizes.data, 66)

const connect = (spec: Spec): Promise<any> =>
  new Promise((resolve) => {
    const client = library.createClient(spec.connect, { sessionTimeout: 10_000 })
    client.once("connected", () => resolve(client))
    client.connect()
  })

const close = (client: any): Promise<void> =>
  new Promise((resolve) => {
    client.once("disconnected", () => resolve())
    client.close()
  })

const issue = (client: any, spec: Spec): Issue => {
  switch (spec.workload) {
    case "getData":
    case "outstanding":
      return (_, done) => client.getData(paths.data, done)
    case "getData100K":
      return (_, done) => client.getData(paths.big, done)
    case "setData":
      return (_, done) => client.setData(paths.data, data, done)
    case "exists":
      return (_, done) => client.exists(paths.data, done)
    case "createDelete":
      return (worker, done) =>
        client.create(paths.own(worker), data, (error: unknown) =>
          error ? done(error) : client.remove(paths.own(worker), done)
        )
    case "children":
      return (_, done) => client.getChildren(paths.children, done)
    case "multi":
      return (_, done) => {
        const transaction = client.transaction()
        for (let i = 0; i < sizes.multi; i++) transaction.setData(paths.multi(i), data)
        transaction.commit(done)
      }
    default:
      throw new Error(`no loop for ${spec.workload}`)
  }
}

/** Read, wait for the event, read again: for an event alone the watch has to be set again all the same. */
const watchCycles = (client: any, spec: Spec): Promise<Result> =>
  new Promise((resolve, reject) => {
    const meter = new Meter(spec)
    const arm = (path: string): void => {
      const watcher = () => {
        if (spec.workload === "watchEvents") seen()
        if (meter.goesOn) arm(path)
      }
      client.getData(path, watcher, (error: unknown) => {
        if (error) return reject(error as Error)
        if (spec.workload !== "watchEvents") seen()
      })
    }
    const seen = () => {
      meter.done()
      if (!meter.goesOn) resolve(meter.measured)
    }
    for (let i = 0; i < spec.depth; i++) arm(paths.watch(i))
  })

const manyWatches = async (client: any, spec: Spec): Promise<Result> => {
  let onEvent = () => {}
  const arm = (path: string, done: (error?: unknown) => void): void =>
    client.getData(
      path,
      () => {
        onEvent()
        arm(path, () => {})
      },
      done
    )
  const taken = memory.each(spec.depth)
  await inTurns(spec.depth, (index, done) => arm(paths.many(index), done))
  const memoryTaken = taken()
  return new Promise((resolve) => {
    const meter = new Meter(spec)
    onEvent = () => {
      meter.done()
      if (!meter.goesOn) resolve({ ...meter.measured, ...memoryTaken })
    }
    client.exists(paths.manyWatched, () => {})
  })
}

export const run = async (spec: Spec): Promise<Result> => {
  if (spec.workload === "connectClose") {
    return closedLoop(
      spec,
      (_, done) =>
        void connect(spec)
          .then(close)
          .then(() => done(), done)
    )
  }
  const client = await connect(spec)
  switch (spec.workload) {
    case "watchEvents":
    case "stateStream":
    case "stateStreamBusy":
      return watchCycles(client, spec)
    case "watches":
      return manyWatches(client, spec)
    case "outstanding": {
      const one = issue(client, spec)
      return memory.outstanding(spec, () => {
        for (let i = 0; i < spec.depth; i++) one(i, () => {})
      })
    }
    default:
      return closedLoop(spec, issue(client, spec))
  }
}
