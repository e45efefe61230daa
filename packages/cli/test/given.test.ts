/** The shell knows each flag that every command has. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { run } from "../src/app.ts"
import { asEnvironment, tooLate } from "../src/shell/given.ts"
import { observe } from "./support.ts"

describe("what is given to a shell", () => {
  it.effect("is each flag of zk, by the variable that its help names", () =>
    Effect.gen(function* () {
      const { stdout } = yield* observe(run(["--help"]))
      const flags = [...stdout.matchAll(/^ +--([a-z-]+)\b.*\[(ZK_[A-Z_]+)/gm)]
      assert.isAbove(flags.length, 15)
      for (const [, name, variable] of flags) {
        assert.deepStrictEqual(Object.keys(asEnvironment([`--${name}`, "value"])), [variable])
      }
    })
  )

  it("are the values, however they are written, and nothing of what is behind --", () => {
    const args = [
      "-c",
      "a:1",
      "-o=json",
      "--auth",
      "x:1",
      "--auth=y:2",
      "--tls",
      "shell",
      "--other",
      "--",
      "--sasl",
      "z"
    ]
    assert.deepStrictEqual(asEnvironment(args), {
      ZK_CONNECT: "a:1",
      ZK_OUTPUT: "json",
      ZK_AUTH: "x:1\ny:2",
      ZK_TLS: "true"
    })
    assert.strictEqual(tooLate(["ls", "/", "-c", "a:1"]), "--connect")
    assert.isUndefined(tooLate(["ls", "/", "-o", "json"]))
    assert.isUndefined(tooLate(["lock", "/l", "--", "ssh", "-c", "x"]))
  })
})
