/** Our own callback core, without Effect on the path of an operation: what the public API is measured against. */
import type { Operation } from "@effect-zookeeper/core/wire/Operation"
import { getChildren2 } from "@effect-zookeeper/core/wire/ops/children"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { getData, setData } from "@effect-zookeeper/core/wire/ops/data"
import { deleteNode } from "@effect-zookeeper/core/wire/ops/delete"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { addWatch, AddWatchMode } from "@effect-zookeeper/core/wire/ops/watches"
import * as Acl from "@effect-zookeeper/core/Acl"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import { paths, type Result, sizes, type Spec } from "../spec.ts"
import { closedLoop, inTurns, type Issue } from "./closedLoop.ts"
import * as memory from "./memory.ts"
import { Meter } from "./Meter.ts"

type Driver = ZooKeeper.ZooKeeper["driver"]

const data = new Uint8Array(sizes.data).fill(66)

const caller =
  (driver: Driver) =>
  <Request, Response>(operation: Operation<Request, Response>, request: Request, done: (error?: unknown) => void) =>
    driver.submit({
      operation,
      request,
      succeed: () => done(),
      refuse: (code) => done(new Error(`${operation.name}: ${code}`)),
      fail: done
    })

const issue = (driver: Driver, spec: Spec): Issue => {
  const call = caller(driver)
  const writes = Array.from(
    { length: sizes.multi },
    (_, index) => ({ _tag: "setData", path: paths.multi(index), data, version: -1 }) as const
  )
  switch (spec.workload) {
    case "getData":
    case "outstanding":
      return (_, done) => call(getData, { path: paths.data, watch: false }, done)
    case "getData100K":
      return (_, done) => call(getData, { path: paths.big, watch: false }, done)
    case "setData":
      return (_, done) => call(setData, { path: paths.data, data, version: -1 }, done)
    case "exists":
      return (_, done) => call(exists, { path: paths.data, watch: false }, done)
    case "createDelete":
      return (worker, done) => {
        const path = paths.own(worker)
        call(create, { path, data, acl: Acl.openUnsafe, flags: 0 }, (error) =>
          error === undefined ? call(deleteNode, { path, version: -1 }, done) : done(error)
        )
      }
    case "children":
      return (_, done) => call(getChildren2, { path: paths.children, watch: false }, done)
    case "multi":
      return (_, done) => call(multi, writes, done)
    default:
      throw new Error(`no loop for ${spec.workload}`)
  }
}

const setWatches = (driver: Driver, spec: Spec): Promise<void> =>
  inTurns(spec.depth, (index, done) =>
    caller(driver)(addWatch, { path: paths.watch(index), mode: AddWatchMode.PERSISTENT }, done)
  )

const events = (driver: Driver, spec: Spec): Promise<Result> =>
  new Promise((resolve) => {
    const meter = new Meter(spec)
    driver.onEvent(() => {
      meter.done()
      if (!meter.goesOn) resolve(meter.measured)
    })
  })

export const run = (spec: Spec): Promise<Result> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(ZooKeeper.make({ connect: spec.connect }), ({ driver }) =>
        Effect.promise((): Promise<Result> => {
          switch (spec.workload) {
            case "watchEvents": {
              const measured = events(driver, spec)
              return setWatches(driver, spec).then(() => measured)
            }
            case "outstanding": {
              const one = issue(driver, spec)
              return memory.outstanding(spec, () => {
                for (let i = 0; i < spec.depth; i++) one(i, () => {})
              })
            }
            default:
              return closedLoop(spec, issue(driver, spec))
          }
        })
      )
    )
  )
