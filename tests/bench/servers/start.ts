/** The servers of a run: canned ones for what a client is capable of, a real one for what an application gets. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as RealServer from "../../support/zookeeper/RealServer.ts"
import { childName, paths, sizes } from "../spec.ts"

export const kinds = ["canned", "mute", "real"] as const
export type Kind = (typeof kinds)[number]

const canned = (kind: "canned" | "mute"): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly child: ReturnType<typeof spawn>; readonly port: string }>((resume) => {
        const child = spawn(process.execPath, [`${import.meta.dirname}/canned.ts`, kind], {
          stdio: ["pipe", "pipe", "inherit"]
        })
        child.stdout.once("data", (text: Buffer) => resume(Effect.succeed({ child, port: text.toString().trim() })))
      }),
      ({ child }) => Effect.sync(() => child.kill())
    ),
    ({ port }) => `127.0.0.1:${port}`
  )

const fill = Effect.fnUntraced(function* (connect: string) {
  const zk = yield* ZooKeeper.make({ connect })
  const data = new Uint8Array(sizes.data).fill(65)
  const many = (folder: string, names: ReadonlyArray<string>) =>
    Effect.andThen(
      zk.ensurePath(folder),
      Effect.forEach(
        Array.from({ length: Math.ceil(names.length / 100) }, (_, batch) =>
          names.slice(batch * 100, batch * 100 + 100)
        ),
        (batch) => zk.transact(...batch.map((name) => Op.create(`${folder}/${name}`, data))),
        { discard: true }
      )
    )
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index))
  yield* zk.ensurePath(`${paths.root}/own`)
  yield* zk.create(paths.data, data)
  yield* zk.create(paths.big, new Uint8Array(sizes.big).fill(65))
  yield* many(paths.children, numbers(sizes.children).map(Number).map(childName))
  yield* many(`${paths.root}/multi`, numbers(sizes.multi))
  yield* many(`${paths.root}/watch`, numbers(sizes.watches))
})

/** A server as it runs in production but for the disk: the JIT at full, and data in memory where there is a tmpfs. */
const real = Effect.gen(function* () {
  if (process.env["TMPDIR"] === undefined && fs.existsSync("/dev/shm")) process.env["TMPDIR"] = "/dev/shm"
  const { connectString } = yield* RealServer.make({
    tickTime: 2000,
    config: { preAllocSize: 1024, snapCount: 10_000_000 },
    jvm: ["-Xmx768m", "-XX:TieredStopAtLevel=4"]
  })
  yield* Effect.scoped(fill(connectString))
  return connectString
})

/** `host:port` of a fresh server. */
export const start = (kind: Kind) => (kind === "real" ? real : canned(kind))
