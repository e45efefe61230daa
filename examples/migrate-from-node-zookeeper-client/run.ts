/**
 * A day in the shop, with workers in processes of their own: all are in the list, each rate is published by one of them,
 * and all go home when the shop is closed. Whatever they are made of, the day must be the same.
 *
 * `run.ts STEP...` takes one program for each of up to four workers, such as `0-before 3-native`; without arguments there
 * is a day with two workers for each step. Runs against ZK_CONNECT if it is set, else against a server of its own.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { connectString } from "../server.ts"

const ROOT = "/effect-zookeeper-shop"
const NAMES = ["ada", "blaise", "edsger", "grace"]
const STEPS = ["0-before", "1-adopt-the-client", "2-streams-and-a-lock", "3-native"]

/** A worker's process, whose lines are printed after its name. */
const start = (step: string, name: string, connect: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, `${step}.ts`), name], {
        env: { ...process.env, ZK_CONNECT: connect },
        stdio: ["ignore", "pipe", "inherit"]
      })
      createInterface(child.stdout).on("line", (line) => process.stdout.write(`  ${name} ${line}\n`))
      const ended = new Promise<string>((resolve) =>
        child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`))
      )
      return { child, name, ended: Effect.promise(() => ended) }
    }),
    ({ child, ended }) =>
      Effect.andThen(
        Effect.sync(() => child.kill("SIGKILL")),
        ended
      )
  )

/** Waits until a stream of states shows what is wanted. */
const until = <A, E>(states: Stream.Stream<A, E>, wanted: (state: A) => boolean) =>
  states.pipe(Stream.filter(wanted), Stream.runHead, Effect.map(Option.getOrThrow), Effect.timeout("1 minute"))

const day = Effect.fnUntraced(function* (connect: string, steps: ReadonlyArray<string>) {
  const zk = yield* ZooKeeper.ZooKeeper
  yield* Console.log(`${steps.join(" and ")}:`)
  yield* Effect.addFinalizer(() => Effect.ignore(zk.delete(ROOT, { recursive: true })))
  for (const path of ["workers", "lock", "price"]) yield* zk.ensurePath(`${ROOT}/${path}`)
  yield* zk.create(`${ROOT}/rate`, "19")

  const workers = yield* Effect.forEach(steps, (step, index) => start(step, NAMES[index]!, connect))
  yield* until(zk.changes.children(`${ROOT}/workers`), ({ children }) =>
    Option.exists(children, ({ length }) => length === steps.length)
  )
  yield* Console.log(`Workers: ${(yield* zk.children(`${ROOT}/workers`)).toSorted().join(", ")}`)

  const published = Effect.fnUntraced(function* (version: number) {
    const { node } = yield* until(zk.changes.data(`${ROOT}/price`), ({ node }) =>
      Option.exists(node, (node) => ZooKeeper.text(node).startsWith(`${version} `))
    )
    const { stat, ...price } = Option.getOrThrow(node)
    yield* Console.log(`Price: ${ZooKeeper.text(price).slice(2)}, write ${stat.version}`)
  })
  yield* published(0)
  for (const rate of ["7", "0"]) {
    const { version } = yield* zk.set(`${ROOT}/rate`, rate)
    yield* published(version)
  }

  yield* zk.set(`${ROOT}/rate`, "closed")
  for (const { ended, name } of workers) yield* Console.log(`${name}: ${yield* ended}`)
  for (const path of ["workers", "lock"]) {
    yield* Console.log(`Left in ${path}: ${(yield* zk.children(`${ROOT}/${path}`)).length}`)
  }
  yield* Console.log(`Writes: ${(yield* zk.get(`${ROOT}/price`)).stat.version}`)
}, Effect.scoped)

const program = Effect.gen(function* () {
  const connect = yield* connectString
  const given = process.argv.slice(2)
  const days = given.length > 0 ? [given] : STEPS.map((step) => [step, step])
  yield* Effect.provide(
    Effect.forEach(days, (steps) => day(connect, steps), { discard: true }),
    ZooKeeper.layer({ connect })
  )
  yield* Console.log("Done.")
})

program.pipe(Effect.scoped, NodeRuntime.runMain)
