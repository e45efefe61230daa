/** What is said about the other driver: which operations it lacks, and which faults of its library are fenced. */
import { unsupported } from "@effect-zookeeper/core/NodeZookeeperClient"
import { assert, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import * as path from "node:path"
import { root } from "../support/publicNames.ts"

const sectionOf = (text: string, heading: string): string =>
  new RegExp(`^## ${heading}$.*?(?=^## )`, "ms").exec(text)?.[0] ?? ""

const read = (file: string): string => readFileSync(path.join(root, file), "utf8")

it("every operation that node-zookeeper-client lacks is in the table", () => {
  const text = read("docs/drivers.md")
  assert.isNotEmpty(unsupported)
  assert.deepStrictEqual(
    unsupported.filter((name) => !text.includes(`\`${name}\``)),
    []
  )
})

it("every option and every recipe is in its table", () => {
  const page = read("docs/drivers.md")
  const options = [...read("packages/core/src/session/Options.ts").matchAll(/^  readonly (\w+)\?:/gm)].map(
    ([, name]) => name!
  )
  const recipes = globSync("packages/recipes/src/*.ts", { cwd: root })
    .filter((file) => read(file).includes("export const Service: "))
    .map((file) => path.basename(file, ".ts"))
  const missing = (names: ReadonlyArray<string>, heading: string) =>
    names.filter((name) => !sectionOf(page, heading).includes(`\`${name}\``))
  assert.isAtLeast(options.length, 20)
  assert.isAtLeast(recipes.length, 11)
  assert.deepStrictEqual(missing(options, "Every option"), [])
  assert.deepStrictEqual(missing(recipes, "Every recipe"), [])
})

it("every fault that the README names is shown on the bare client, and fenced under ours", () => {
  const section = sectionOf(read("README.md"), "Why not on node-zookeeper-client")
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
