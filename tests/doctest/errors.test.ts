/** docs/errors.md describes every reason, and only those. */
import { ClientReason, ServerReason } from "@effect-zookeeper/core/ZooKeeperError"
import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import * as path from "node:path"
import { root } from "../support/publicNames.ts"

/** Reason by reason, its text up to the next heading. */
const sections = new Map(
  readFileSync(path.join(root, "docs/errors.md"), "utf8")
    .split(/^(?=##)/m)
    .flatMap((section) => {
      const reason = /^### `(\w+)`$/m.exec(section)?.[1]
      return reason === undefined ? [] : [[reason, section] as const]
    })
)

it("every reason has a section, with an exit code", () => {
  const reasons = [...ClientReason.members, ...ServerReason.members].map(({ name }) => name)
  assert.isAbove(reasons.length, 30)
  assert.deepStrictEqual([...sections.keys()].toSorted(), reasons.toSorted())
  for (const [reason, section] of sections) assert.match(section, /^Exit code of `zk`: /m, reason)
})
