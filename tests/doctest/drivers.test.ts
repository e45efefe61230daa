/** docs/drivers.md names every operation that the other driver lacks. */
import { unsupported } from "@effect-zookeeper/core/NodeZookeeperClient"
import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import * as path from "node:path"
import { root } from "../support/publicNames.ts"

it("every operation that node-zookeeper-client lacks is in the table", () => {
  const text = readFileSync(path.join(root, "docs/drivers.md"), "utf8")
  assert.isNotEmpty(unsupported)
  assert.deepStrictEqual(
    unsupported.filter((name) => !text.includes(`\`${name}\``)),
    []
  )
})
