/**
 * One server process and all that a test can do to it.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ChildProcess } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as rawSession from "../rawSession.ts"
import { sleep, type TimedOut, within } from "../realTime.ts"
import type { Distribution } from "./distribution.ts"
import { fourLetterWord } from "./fourLetterWord.ts"
import { guardedSpawn } from "./guardedSpawn.ts"

/** A server that does not come up. `portTaken`: another process was quicker to bind one of its ports. */
export class ServerFailed extends Data.TaggedError("ServerFailed")<{
  readonly message: string
  readonly portTaken: boolean
}> {}

export interface JavaServer {
  readonly host: string
  readonly port: number
  /** `host:port` of this server alone. */
  readonly connectString: string
  /** The folder with the data, the configuration and the log. */
  readonly folder: string
  /** Of the running process; undefined while there is none. */
  readonly pid: () => number | undefined
  /** What the test did to it last. */
  readonly state: () => "stopped" | "running" | "frozen"
  /** Starts the process, on the same data and ports as before, and does not wait. */
  readonly spawn: Effect.Effect<void>
  /** Waits until a handshake succeeds: the server serves. */
  readonly awaitReady: Effect.Effect<void, ServerFailed | TimedOut>
  /** `spawn` and `awaitReady`. */
  readonly start: Effect.Effect<void, ServerFailed | TimedOut>
  /** SIGKILL; returns when the process is gone. */
  readonly kill: Effect.Effect<void>
  /** SIGTERM, and SIGKILL if that takes too long; returns when the process is gone. */
  readonly terminate: Effect.Effect<void>
  /** SIGSTOP: connections still open (the kernel accepts them), nothing is answered. */
  readonly freeze: Effect.Effect<void>
  /** SIGCONT. */
  readonly resume: Effect.Effect<void>
  /** What the server answers to `srvr`, `conf`, ...; "" when it does not answer. */
  readonly fourLetterWord: (word: string) => Effect.Effect<string, TimedOut>
  /** The last lines of the log. */
  readonly log: (lines?: number) => string
}

export interface JavaServerOptions {
  readonly distribution: Distribution
  readonly mainClass: string
  readonly folder: string
  readonly dataDir: string
  /** zoo.cfg, written anew before every start since servers rewrite it after a reconfiguration. */
  readonly config: string
  readonly port: number
  readonly properties: ReadonlyArray<string>
  readonly heap: string
  /** More options for the JVM; they win over those that small machines want. */
  readonly jvm?: ReadonlyArray<string>
}

const START_LIMIT = "60 seconds"
// A connection that arrives between bind and serving can be accepted and never answered nor closed (measured on 3.8.0):
// hence a short limit per try, which grows with every try since on a busy machine answers do take longer.
const FIRST_TRY = 300
const LONGEST_TRY = 3000

const NO_ANSWER = "no answer to a handshake"

/** Undefined when a handshake succeeds, else what happened instead. */
const handshake = (port: number, limit: number): Effect.Effect<string | undefined> =>
  within(
    Effect.scoped(
      Effect.gen(function* () {
        const { peer, response } = yield* rawSession.open(`127.0.0.1:${port}`, { timeOut: 1000 })
        if (response.sessionId === 0n) return "session 0"
        yield* rawSession.closeSession(peer)
        return undefined
      })
    ),
    limit,
    () => NO_ANSWER
  ).pipe(Effect.catch((error) => Effect.succeed(error.message)))

/** Each thread stops when it is scheduled next, and may answer until then. */
const awaitStopped = Effect.fnUntraced(function* (pid: number | undefined) {
  const tasks = `/proc/${pid}/task`
  if (pid === undefined || !fs.existsSync(tasks)) return
  const isStopped = (task: string) => {
    try {
      return /\) [TZX] /.test(fs.readFileSync(`${tasks}/${task}/stat`, "utf8"))
    } catch {
      return true
    }
  }
  while (fs.existsSync(tasks) && !fs.readdirSync(tasks).every(isStopped)) yield* sleep("1 millis")
})

export const make = (options: JavaServerOptions): Effect.Effect<JavaServer, never, Scope.Scope> => {
  const { distribution, folder, port } = options
  const logFile = path.join(folder, "server.log")
  const configFile = path.join(folder, "zoo.cfg")
  let running: ChildProcess | undefined
  let frozen = false

  const log = (lines = 30): string =>
    fs.existsSync(logFile) ? fs.readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n") : ""

  const spawn = Effect.sync(() => {
    if (running !== undefined) throw new Error(`the server on port ${port} runs already`)
    fs.writeFileSync(configFile, options.config)
    const args = [
      `-Xmx${options.heap}`,
      "-Xss256k",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-XX:-UsePerfData",
      ...(options.jvm ?? []),
      ...options.properties,
      "-cp",
      distribution.classpath,
      options.mainClass,
      configFile
    ]
    const child = guardedSpawn(distribution.java, args, folder, logFile)
    running = child
    frozen = false
    const ended = () => {
      if (running === child) running = undefined
    }
    child.once("exit", ended)
    child.once("error", (error) => {
      fs.appendFileSync(logFile, `cannot start ${distribution.java}: ${error.message}\n`)
      ended()
    })
  })

  const failed = (what: string) => {
    const tail = log()
    return new ServerFailed({
      message: `the server on port ${port} ${what}; its log:\n${tail}`,
      portTaken: /BindException|Address already in use/.test(tail)
    })
  }

  // Another server may have got the port first and answer the handshake; `conf` tells whose it is.
  const isForeign = Effect.map(fourLetterWord(port, "conf"), (conf) =>
    conf.includes(options.dataDir) ? undefined : `conf is not ours: ${conf}`
  )

  let last = ""
  const awaitReady = within(
    Effect.gen(function* () {
      let limit = FIRST_TRY
      while (true) {
        if (running === undefined) return yield* failed("ended")
        const problem = (yield* handshake(port, limit)) ?? (yield* isForeign)
        if (problem === undefined) return
        last = problem
        if (problem.startsWith(NO_ANSWER)) limit = Math.min(2 * limit, LONGEST_TRY)
        yield* sleep("10 millis")
      }
    }),
    START_LIMIT,
    () => failed(`does not serve (${last})`).message
  )

  const signal = (name: NodeJS.Signals) => Effect.sync(() => void running?.kill(name))

  const exited = Effect.callback<void>((resume) => {
    const child = running
    if (child === undefined) return resume(Effect.void)
    const done = () => resume(Effect.void)
    // A process that has nothing else to do must not end before its server.
    child.ref()
    child.once("exit", done)
    return Effect.sync(() => child.off("exit", done))
  })

  const kill = Effect.andThen(signal("SIGKILL"), exited)
  const terminate = Effect.andThen(signal("SIGTERM"), signal("SIGCONT")).pipe(
    Effect.andThen(within(exited, "10 seconds", () => "the server does not end on SIGTERM")),
    Effect.catch(() => kill)
  )

  const server: JavaServer = {
    host: "127.0.0.1",
    port,
    connectString: `127.0.0.1:${port}`,
    folder,
    pid: () => running?.pid,
    state: () => (running === undefined ? "stopped" : frozen ? "frozen" : "running"),
    spawn,
    awaitReady,
    start: Effect.andThen(spawn, awaitReady),
    kill,
    terminate,
    freeze: Effect.gen(function* () {
      yield* signal("SIGSTOP")
      yield* awaitStopped(running?.pid)
      frozen = true
    }),
    resume: Effect.andThen(
      signal("SIGCONT"),
      Effect.sync(() => (frozen = false))
    ),
    fourLetterWord: (word) => fourLetterWord(port, word),
    log
  }
  return Effect.acquireRelease(Effect.succeed(server), () => kill)
}
