/** The doc comments of everything that a public module exports, read from the sources as oxfmt leaves them. */
import { globSync, readFileSync } from "node:fs"
import * as path from "node:path"
import { publicNames, root } from "../support/publicNames.ts"

export interface Export {
  /** File, line and name, for people. */
  readonly where: string
  readonly comment: string | undefined
}

const declaration = /^export (?:declare )?(?:const|function|class|interface|type|namespace) (\w+)/
const reexport = /^export (?:type )?(?:\*|\{([^}]*)\}) from "(\.[^"]+)"/
/** `export { delete_ as delete }` */
const renamed = /^export \{ (\w+) as (\w+) \}$/

/** The comment that ends right above a line. */
const commentAbove = (lines: ReadonlyArray<string>, index: number): string | undefined => {
  if (!lines[index - 1]?.endsWith("*/")) return undefined
  const start = lines.findLastIndex((line, at) => at < index && line.startsWith("/**"))
  return lines.slice(start, index).join("\n")
}

const exportsOf = (file: string, wanted: ReadonlySet<string> | undefined): ReadonlyArray<Export> => {
  const lines = readFileSync(file, "utf8").split("\n")
  const at = (name: string, index: number): ReadonlyArray<Export> =>
    wanted === undefined || wanted.has(name)
      ? [{ where: `${path.relative(root, file)}:${index + 1} ${name}`, comment: commentAbove(lines, index) }]
      : []
  return lines.flatMap((line, index) => {
    const declared = declaration.exec(line)?.[1]
    if (declared !== undefined) return at(declared, index)
    const [, local, name] = renamed.exec(line) ?? []
    if (local !== undefined && name !== undefined) {
      return at(
        name,
        lines.findIndex((other) => other.startsWith(`const ${local} `))
      )
    }
    const [, names, from] = reexport.exec(line) ?? []
    if (from === undefined) return []
    const passedOn = names?.split(",").map((name) => name.replace("type ", "").trim())
    return exportsOf(path.join(path.dirname(file), from), passedOn && new Set(passedOn))
  })
}

/** The wire floor is there for our own packages; its modules are described, and their exports need not be. */
const isPublic = (name: string): boolean => !name.startsWith("@effect-zookeeper/core/wire/")

export const publicExports = (): ReadonlyArray<Export> =>
  publicNames
    .filter(({ name }) => isPublic(name))
    .flatMap(({ source }) => globSync(source, { exclude: ["**/internal/**"] }))
    .flatMap((file) => exportsOf(file, undefined))
