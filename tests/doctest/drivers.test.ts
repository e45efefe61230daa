/** What is said about the other driver: which operations it lacks, and which faults of its library are fenced. */
import { unsupported } from "@effect-zookeeper/core/NodeZookeeperClient"
import { assert, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
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

it("every fault that the README names is shown on the bare client, and fenced under ours", () => {
  const read = (file: string): string => readFileSync(path.join(root, file), "utf8")
  const section = /^## Why not on node-zookeeper-client$.*?^## /ms.exec(read("README.md"))![0]
  const named = [...section.matchAll(/\((\d+)\)/g)].map(([, fault]) => fault!)
  const titles = (text: string): string =>
    [...text.matchAll(/\bit(?:\.live)?\(\s*(["`])(.*?)\1/g)].map(([, , title]) => title).join("\n")
  const bare = titles(read("tests/drivers/bare.test.ts"))
  const ours = titles(
    globSync("tests/drivers/*.ts", { cwd: root })
      .filter((file) => !file.endsWith("bare.test.ts"))
      .map(read)
      .join("\n")
  )
  assert.isAtLeast(named.length, 12)
  assert.deepStrictEqual(
    named.filter((fault) => !bare.includes(`(${fault})`)),
    []
  )
  assert.deepStrictEqual(
    named.filter((fault) => !new RegExp(`\\(museum (?:\\d+, )*${fault}\\b`).test(ours)),
    []
  )
})
