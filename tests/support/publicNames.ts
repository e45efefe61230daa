/** Which file stands behind each public name of the packages: what the `exports` of their package.json are built from. */
import { readFileSync } from "node:fs"
import * as path from "node:path"

export interface PublicName {
  /** `@effect-zookeeper/core/Acl`; one `*` in it stands for any text. */
  readonly name: string
  /** The source file, with a `*` in the same place. */
  readonly source: string
}

export const root = path.resolve(import.meta.dirname, "../..")

export const publicNames: ReadonlyArray<PublicName> = ["core", "recipes", "testing", "cli"].flatMap((folder) => {
  const { exports, name } = JSON.parse(readFileSync(`${root}/packages/${folder}/package.json`, "utf8")) as {
    readonly name: string
    readonly exports: Record<string, { readonly default?: string } | string | null>
  }
  return Object.entries(exports).flatMap(([subpath, target]) => {
    const built = typeof target === "object" ? target?.default : undefined
    if (built === undefined) return []
    const source = built.replace("./dist/", "src/").replace(/\.js$/, ".ts")
    return [{ name: path.posix.join(name, subpath), source: `${root}/packages/${folder}/${source}` }]
  })
})
