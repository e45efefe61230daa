/** What the programs are that `zk` runs in tests, and what is known of them from outside. */
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import * as Effect from "effect/Effect"
import { awaitState } from "../support/awaitState.ts"

/** A server of the test's own, which can stand still, and the environment that leads `zk` to it. */
export const ownServer = Effect.map(TestServer.make(), (server) => ({
  server,
  env: { ZK_CONNECT: server.connectString }
}))

/** `sh -c`; what it runs should end by itself, in case a test fails. */
export const sh = (script: string): ReadonlyArray<string> => ["--", "sh", "-c", script]

/** Says its process id, and goes on for as long as a test may take. */
export const idle = "echo $$; exec sleep 300"

/**
 * Goes on for a minute, in steps, since a shell runs its traps between commands. The shell counts by itself: a signal goes
 * to all that the shell has started, and a loop over what `seq` prints ends when that is hit.
 */
export const inSteps = "i=0; while [ $i -lt 600 ]; do sleep 0.1; i=$((i + 1)); done"

/** As `idle`, for one that wants no TERM. */
export const stubborn = `trap "" TERM; echo $$; ${inSteps}`

export const isAlive = (pid: number | string): boolean => {
  try {
    return process.kill(Number(pid), 0)
  } catch {
    return false
  }
}

/** Waits for the end of a process that is no child of ours. */
export const gone = (pid: number | string) =>
  awaitState(
    Effect.sync(() => isAlive(pid)),
    (alive) => !alive,
    { describe: `process ${pid} ends` }
  )
