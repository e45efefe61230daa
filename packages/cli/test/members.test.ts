import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Members from "../src/input/members.ts"
import { observe } from "./support.ts"

const first = "server.1=h1:2888:3888:participant;0.0.0.0:2181"
const second = "server.2=[::1]:2888:3888:observer;2181"

describe("servers on the command line", () => {
  it("are split at commas", () => {
    assert.deepStrictEqual(Result.getOrThrow(Members.servers(`${first},${second}`)), [first, second])
    assert.deepStrictEqual(Result.getOrThrow(Members.ids("3,14")), ["3", "14"])
  })

  it.each(["", "4", "server.4", "server.4=", "server.x=h:1:2;3", `${first},`])("'%s' is refused", (text) => {
    assert.isTrue(Result.isFailure(Members.servers(text)))
  })

  it.each(["", "server.3", "3,", "-1"])("'%s' is no list of ids", (text) => {
    assert.isTrue(Result.isFailure(Members.ids(text)))
  })
})

describe("a version", () => {
  it.each([
    ["100000000", 0x100000000n],
    ["0x1f", 0x1fn],
    ["0", 0n]
  ])("%s", (text, version) => {
    assert.strictEqual(Result.getOrThrow(Members.version(text)), version)
  })

  it.each(["", "g", "-1", "ffffffffffffffff"])("'%s' is refused", (text) => {
    assert.isTrue(Result.isFailure(Members.version(text)))
  })
})

const read = (text: string) =>
  Effect.map(
    observe(Effect.result(Members.read("f")), { files: { f: new TextEncoder().encode(text) } }),
    ({ result }) => result
  )

describe("a file of members", () => {
  it.effect("is what zk config prints, with or without the version", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* read(`${first}\n${second}\nversion=100000000`),
        Result.succeed({
          members: [first, second],
          from: 0x100000000n
        })
      )
      assert.deepStrictEqual(
        yield* read(`# ours\r\n\r\n${first}\r\ngroup.1=1\r\nweight.1=2\r\n`),
        Result.succeed({
          members: [first, "group.1=1", "weight.1=2"],
          from: undefined
        })
      )
    })
  )

  it.effect.each([
    { text: "", says: "f holds no membership: it names no server" },
    { text: "version=1", says: "f holds no membership: it names no server" },
    {
      text: `${first}\ntickTime=2000`,
      says: "f holds no membership: 'tickTime=2000' is none of server.N=..., group.N=..., weight.N=... and version=..."
    },
    {
      text: `${first}\nversion=x`,
      says: "f holds no membership: 'x' is not the version of a configuration, which zk config shows in hexadecimal"
    }
  ])("$says", ({ says, text }) =>
    Effect.gen(function* () {
      const result = yield* read(text)
      assert.strictEqual(Result.isFailure(result) ? result.failure.message : undefined, says)
    })
  )
})
