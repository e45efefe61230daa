/** The packages that are published: those that have sources by now, and what npm would publish of them. */
import { execFile } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import * as path from "node:path"
import { promisify } from "node:util"
import { root } from "../support/publicNames.ts"

export type Target = string | null | { readonly types?: string; readonly default?: string }

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, Target>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

export interface Package {
  readonly folder: string
  readonly manifest: Manifest
}

export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest

export const packages: ReadonlyArray<Package> = readdirSync(`${root}/packages`)
  .map((name) => path.join(root, "packages", name))
  .filter((folder) => existsSync(path.join(folder, "src")))
  .map((folder) => ({ folder, manifest: readManifest(folder) }))

/** The public modules by their subpath; a command has none. */
export const modules = ({ exports = {} }: Manifest): ReadonlyArray<readonly [string, Target]> =>
  Object.entries(exports).filter(([subpath]) => subpath !== "./package.json")

export const run = promisify(execFile)

export interface Tarball {
  readonly file: string
  /** Everything in it, by its path in the package. */
  readonly files: ReadonlyArray<string>
}

/** Runs `npm pack` on a folder with a package.json. */
export const pack = async (folder: string, destination: string): Promise<Tarball> => {
  const args = ["pack", folder, "--pack-destination", destination, "--json", "--ignore-scripts"]
  const { stdout } = await run("npm", args, { cwd: root, maxBuffer: 64 << 20 })
  const answer = JSON.parse(stdout) as ReadonlyArray<Packed> | Readonly<Record<string, Packed>>
  // An array, or from npm 12 on a record by name.
  const [packed] = Object.values<Packed>(answer as Readonly<Record<string, Packed>>)
  if (packed === undefined) throw new Error(`npm pack ${folder} made nothing: ${stdout}`)
  return { file: path.join(destination, packed.filename), files: packed.files.map((file) => file.path) }
}

interface Packed {
  readonly filename: string
  readonly files: ReadonlyArray<{ readonly path: string }>
}
