/** The examples of the documentation: fences of TypeScript in Markdown files and in doc comments. */
import { globSync, readFileSync } from "node:fs"
import * as path from "node:path"
import { root } from "../support/publicNames.ts"

export interface Example {
  /** File and line of the fence, for people. */
  readonly where: string
  /** A file name made of that. */
  readonly name: string
  /** The code, at the lines at which it stands in its document. */
  readonly code: string
  /** The fence says `ts run`. */
  readonly isRun: boolean
  /** The fence says `ts test`: it registers tests and is run as one. */
  readonly isTest: boolean
  /** What it prints, from its comments `// => value`. */
  readonly prints: ReadonlyArray<string>
}

const fence = /^```ts( run| test)?\n([\s\S]*?)^```$/gm

const examplesIn = (file: string, text: string): ReadonlyArray<Example> =>
  [...text.matchAll(fence)].map((match) => {
    const [, kind, code = ""] = match
    const line = text.slice(0, match.index).split("\n").length
    return {
      where: `${file}:${line}`,
      name: `${file.replaceAll(/[^A-Za-z0-9]+/g, "-")}-${line}`,
      code: "\n".repeat(line) + code,
      isRun: kind === " run",
      isTest: kind === " test",
      prints: [...code.matchAll(/\/\/ => (.*)$/gm)].map(([, value = ""]) => value)
    }
  })

/** The text of doc comments, line by line where it stands in the source; everything else is left blank. */
const docComments = (source: string): string => {
  let inside = false
  return source
    .split("\n")
    .map((line) => {
      if (/^\s*\/\*\*/.test(line)) inside = true
      const text = inside ? line.replace(/^\s*\*? ?/, "") : ""
      if (line.includes("*/")) inside = false
      return text
    })
    .join("\n")
}

const files = (...patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort()

const read = (file: string): string => readFileSync(path.join(root, file), "utf8")

export const collect = (): ReadonlyArray<Example> => [
  ...files("*.md", "docs/**/*.md", "packages/*/README.md").flatMap((file) => examplesIn(file, read(file))),
  ...files("packages/*/src/**/*.ts").flatMap((file) => examplesIn(file, docComments(read(file))))
]
