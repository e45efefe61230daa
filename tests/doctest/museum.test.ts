/** docs/museum.md has every fault that sources and tests name by a number, and no others. */
import { assert, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import * as path from "node:path"
import { root } from "../support/publicNames.ts"

const read = (file: string): string => readFileSync(path.join(root, file), "utf8")

const byNumber = (numbers: Iterable<string>): ReadonlyArray<string> =>
  [...new Set(numbers)].toSorted((a, b) => Number(a) - Number(b))

const rows = [...read("docs/museum.md").matchAll(/^\| (\*\*)?(\d+)\b/gm)].map(([, isBold, number]) => ({
  number: number!,
  isBold: isBold !== undefined
}))

const files = globSync(["packages/*/{src,test}/**/*.ts", "tests/**/*.ts"], { cwd: root, exclude: ["**/node_modules"] })

/** The titles of a file that has no other numbers. */
const titled = (file: string, title: RegExp): ReadonlyArray<string> =>
  [...read(file).matchAll(title)].map(([, number]) => number!)

it("has every number that is named, once", () => {
  const named = files.flatMap((file) =>
    [...read(file).matchAll(/\bmuseum ((?:\d+, )*\d+)/g)].flatMap(([, numbers]) => numbers!.split(", "))
  )
  const watches = titled("tests/watches/museum.test.ts", /^\s*(?:it\.live\()?"(\d+): /gm)
  assert.isAbove(watches.length, 5)
  assert.deepStrictEqual(
    rows.map(({ number }) => number).toSorted((a, b) => Number(a) - Number(b)),
    byNumber([...named, ...watches])
  )
})

it("has in bold what is shown on the bare client", () => {
  assert.deepStrictEqual(
    byNumber(rows.flatMap(({ isBold, number }) => (isBold ? [number] : []))),
    byNumber(titled("tests/drivers/bare.test.ts", /^\s*(?:it(?:\.live)?\()?"[^"]* \((\d+)\)"/gm))
  )
})
