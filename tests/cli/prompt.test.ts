/** The shell at a terminal: a pseudo-terminal, which Python has and Node has not. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { awaitState } from "../support/awaitState.ts"
import { within } from "../support/realTime.ts"
import { bin, chroot, environment } from "./zk.ts"

/** Copies between its own streams and a terminal, on which the program runs. */
const ON_A_TERMINAL = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"

const CONTROL_C = "\u0003"
const CONTROL_D = "\u0004"

const opened = Effect.fnUntraced(function* (env: Readonly<Record<string, string>>) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn("python3", ["-c", ON_A_TERMINAL, process.execPath, bin, "shell"], { env: environment(env) })
    ),
    (child) => Effect.sync(() => void child.kill("SIGKILL"))
  )
  let seen = ""
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString()
  })
  const exited = once(child, "exit")
  return {
    type: (text: string) => Effect.sync(() => void child.stdin.write(text)),
    /** Waits for what is shown since this was asked last. */
    shown: (text: string) =>
      Effect.map(
        awaitState(
          Effect.sync(() => seen),
          (all) => all.includes(text),
          { describe: `${JSON.stringify(text)} is shown` }
        ),
        (all) => {
          seen = seen.slice(all.indexOf(text) + text.length)
          return all
        }
      ),
    ended: within(
      Effect.promise(() => exited),
      "20 seconds",
      () => `the shell goes on: ${JSON.stringify(seen)}`
    )
  }
})

const python = spawnSync("python3", ["-c", "import pty"]).status === 0

describe.runIf(python)("zk shell at a terminal", () => {
  it.live("prompts, completes, ends what runs at Ctrl-C and itself at Ctrl-D, and keeps what was typed", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const { connect } = yield* chroot
      const state = yield* fileSystem.makeTempDirectoryScoped()
      const shell = yield* opened({ ZK_CONNECT: connect, XDG_STATE_HOME: state })
      const prompt = `${connect}> `
      yield* shell.shown(prompt)
      yield* shell.type("create -e /whatever 'two words'\r")
      yield* shell.shown("\n/whatever\r\n")
      yield* shell.shown(prompt)
      yield* shell.type("get /wh\t")
      yield* shell.shown("atever")
      yield* shell.type("\r")
      yield* shell.shown("\ntwo words\r\n")
      yield* shell.shown(prompt)
      // A command that fails, one that is ended, and a line that is thrown away, are not the end.
      yield* shell.type("get /none\r")
      yield* shell.shown("zk: get /none: the node does not exist")
      yield* shell.shown(prompt)
      yield* shell.type("watch /whatever\r")
      yield* shell.shown('"change":"initial"')
      yield* shell.type(CONTROL_C)
      yield* shell.shown(prompt)
      yield* shell.type("lock /lock -- cat\r")
      yield* shell.shown("lock /lock -- cat")
      yield* shell.type("typed\r")
      // Once by the terminal, once by the program.
      yield* shell.shown("typed\r\ntyped\r\n")
      yield* shell.type(CONTROL_C)
      yield* shell.shown(prompt)
      yield* shell.type(`nothing${CONTROL_C}`)
      yield* shell.shown("^C")
      yield* shell.shown(prompt)
      yield* shell.type(" exists /whatever\r")
      yield* shell.shown("\ntrue\r\n")
      yield* shell.shown(prompt)
      yield* shell.type(CONTROL_D)
      assert.deepStrictEqual(yield* shell.ended, [0, null])
      const typed = yield* fileSystem.readFileString(`${state}/zk/history`)
      assert.deepStrictEqual(typed.split("\n"), [
        "create -e /whatever 'two words'",
        "get /whatever",
        "get /none",
        "watch /whatever",
        "lock /lock -- cat",
        ""
      ])
      const { mode } = yield* fileSystem.stat(`${state}/zk/history`)
      assert.strictEqual(mode & 0o077, 0)
      // What was typed before is there again.
      const again = yield* opened({ ZK_CONNECT: connect, XDG_STATE_HOME: state })
      yield* again.shown(prompt)
      yield* again.type("\u001b[A\u001b[A\u001b[A\u001b[A\r")
      // The ephemeral node went with the first shell.
      yield* again.shown("zk: get /whatever: the node does not exist")
      yield* again.shown(prompt)
      yield* again.type("quit\r")
      assert.deepStrictEqual(yield* again.ended, [0, null])
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})
