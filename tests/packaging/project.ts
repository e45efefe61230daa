/** An empty project outside the repository, with the packages installed from their tarballs. */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { root } from "../support/publicNames.ts"
import * as cache from "../support/zookeeper/cache.ts"
import { pack, packages, readManifest, run } from "./packages.ts"

/** What the tarballs ask for beside each other, with the exact versions of this repository. */
const closure = (): ReadonlyMap<string, string> => {
  const own = new Set(packages.map(({ manifest }) => manifest.name))
  const found = new Map<string, string>()
  const visit = (name: string, from: string): void => {
    if (own.has(name) || found.has(name)) return
    const near = path.join(from, "node_modules", name)
    const folder = existsSync(near) ? near : path.join(root, "node_modules", name)
    found.set(name, folder)
    for (const next of Object.keys(readManifest(folder).dependencies ?? {})) visit(next, folder)
  }
  for (const { folder, manifest } of packages) {
    for (const name of Object.keys(manifest.dependencies ?? {})) visit(name, folder)
  }
  for (const name of ["effect", "@types/node"]) visit(name, root)
  return found
}

/** A tarball of an installed package: nothing is asked of a registry, and it is made once for each version. */
const cached = async (name: string, folder: string): Promise<string> => {
  const tarballs = path.join(cache.root(), "tarballs")
  const target = path.join(tarballs, `${name.replaceAll(/[@/]/g, "-")}-${readManifest(folder).version}.tgz`)
  if (existsSync(target)) return target
  mkdirSync(tarballs, { recursive: true })
  const unfinished = mkdtempSync(path.join(tarballs, ".unfinished-"))
  const { file } = await pack(folder, unfinished)
  renameSync(file, target)
  rmSync(unfinished, { recursive: true })
  return target
}

export interface Project {
  readonly folder: string
  readonly remove: () => void
}

export const make = async (): Promise<Project> => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "packaging-")))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const tarballs = await Promise.all([
      ...packages.map((each) => pack(each.folder, folder).then(({ file }) => file)),
      ...[...closure()].map(([name, installed]) => cached(name, installed))
    ])
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }))
    const flags = ["--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--strict-peer-deps"]
    await run("npm", ["install", ...flags, ...tarballs], { cwd: folder, maxBuffer: 64 << 20 })
    return { folder, remove }
  } catch (error) {
    remove()
    throw error
  }
}
