/** docs/errors.md describes every reason, and only those, with the exit code that `zk` gives it. */
import * as Errors from "@effect-zookeeper/core/ZooKeeperError"
import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import * as path from "node:path"
import { endingOf } from "../../packages/cli/src/exit.ts"
import { VerbFailed } from "../../packages/cli/src/verb.ts"
import { root } from "../support/publicNames.ts"

/** What a section says of the exit code, by reason. */
const described = new Map(
  readFileSync(path.join(root, "docs/errors.md"), "utf8")
    .split(/^(?=##)/m)
    .flatMap((section) => {
      const reason = /^### `(\w+)`$/m.exec(section)?.[1]
      return reason === undefined ? [] : [[reason, /^Exit code of `zk`: (.*)$/m.exec(section)?.[1]] as const]
    })
)

/** Every class of error that the module exports stands for a reason, but for the one that has them. */
const reasons = Object.entries(Errors).flatMap(([name, value]) =>
  typeof value === "function" && value.prototype instanceof Error && name !== "ZooKeeperError" ? [name] : []
)

/** Only the tag of a reason decides about the exit code, but for transactions. */
const exitCode = (tag: string): number => {
  const failure = { _tag: "ZooKeeperError", operation: "get", reason: { _tag: tag } } as Errors.ZooKeeperError
  return endingOf(new VerbFailed({ verb: "get", path: undefined, failure })).code
}

it("every reason has a section, with its exit code", () => {
  assert.isAbove(reasons.length, 30)
  assert.deepStrictEqual([...described.keys()].toSorted(), reasons.toSorted())
  for (const reason of reasons) {
    const expected = reason === "TransactionFailed" ? "that of the reason it names" : String(exitCode(reason))
    assert.strictEqual(described.get(reason), expected, reason)
  }
})
