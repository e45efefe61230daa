/** Everything public says what it is, in which category it belongs and since when it is there. */
import { assert, it } from "@effect/vitest"
import { publicExports } from "./publicApi.ts"

const problem = (comment: string | undefined): string | undefined => {
  if (comment === undefined) return "has no doc comment"
  const lines = comment.split("\n").map((line) => line.replace(/^ \* ?|^\/\*\*$|^ \*\/$/g, ""))
  if (!lines.some((line) => /^[^@\s]/.test(line))) return "has no description"
  if (!lines.some((line) => /^@category [\w ]+$/.test(line))) return "has no @category on a line of its own"
  if (!lines.some((line) => /^@since \d+\.\d+\.\d+$/.test(line))) return "has no @since on a line of its own"
  return undefined
}

it("every public export is described", () => {
  const exports = publicExports()
  assert.isAbove(exports.length, 100)
  const problems = exports.flatMap(({ comment, where }) => {
    const found = problem(comment)
    return found === undefined ? [] : [`${where} ${found}`]
  })
  assert.deepStrictEqual(problems, [])
})
