/** npm `zookeeper`, the binding to the C client, through its callback API. */
import { createRequire } from "node:module"
import { paths, type Result, sizes, type Spec } from "../spec.ts"
import { closedLoop, type Issue } from "./closedLoop.ts"

// Compiled on demand (peers/build.ts) and so not a dependency of the workspace.
const folder = process.env["BENCH_NATIVE"]
const data = Buffer.alloc(sizes.data, 66)

const issue = (client: any, spec: Spec): Issue => {
  const finish =
    (done: (error?: unknown) => void) =>
    (code: number): void =>
      done(code === 0 ? undefined : new Error(`code ${code}`))
  switch (spec.workload) {
    case "getData":
      return (_, done) => client.a_get(paths.data, false, finish(done))
    case "getData100K":
      return (_, done) => client.a_get(paths.big, false, finish(done))
    case "setData":
      return (_, done) => client.a_set(paths.data, data, -1, finish(done))
    case "exists":
      return (_, done) => client.a_exists(paths.data, false, finish(done))
    case "createDelete":
      return (worker, done) =>
        client.a_create(paths.own(worker), data, 0, (code: number) =>
          code === 0 ? client.a_delete_(paths.own(worker), -1, finish(done)) : done(new Error(`code ${code}`))
        )
    case "children":
      return (_, done) => client.a_get_children2(paths.children, false, finish(done))
    default:
      throw new Error(`no loop for ${spec.workload}`)
  }
}

export const run = async (spec: Spec): Promise<Result> => {
  const library = createRequire(`${folder}/package.json`)("zookeeper")
  const client = new library({ connect: spec.connect, timeout: 10_000, debug_level: 1, host_order_deterministic: true })
  await new Promise<void>((resolve, reject) => {
    client.connect({}, (error: unknown) => (error ? reject(error as Error) : resolve()))
  })
  return closedLoop(spec, issue(client, spec))
}
