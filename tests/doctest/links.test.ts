/** Links between documents lead somewhere, and so do the documents that doc comments name. */
import { assert, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import * as path from "node:path"
import { root } from "../support/publicNames.ts"

const read = (file: string): string => readFileSync(path.join(root, file), "utf8")

/** The anchor that a heading gets. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(/\s/g, "-")

const anchors = (file: string): ReadonlySet<string> =>
  new Set([...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading)))

const leadsNowhere = (from: string, target: string): boolean => {
  const [file = "", anchor] = target.split("#")
  const found = file === "" ? from : path.join(path.dirname(from), file)
  if (!existsSync(path.join(root, found))) return true
  return anchor !== undefined && !anchors(found).has(anchor)
}

it("links in documents lead somewhere", () => {
  const broken = globSync(["*.md", "{docs,examples}/**/*.md", "packages/*/README.md"], { cwd: root }).flatMap((file) =>
    [...read(file).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) =>
      !/^https?:/.test(target) && leadsNowhere(file, target) ? [`${file}: ${target}`] : []
    )
  )
  assert.deepStrictEqual(broken, [])
})

it("documents that sources name are there", () => {
  const broken = globSync("packages/*/src/**/*.ts", { cwd: root }).flatMap((file) =>
    [...read(file).matchAll(/\bdocs\/[\w/-]+\.md\b/g)].flatMap(([name]) =>
      existsSync(path.join(root, name)) ? [] : [`${file}: ${name}`]
    )
  )
  assert.deepStrictEqual(broken, [])
})
