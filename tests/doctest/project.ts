/** The examples written out as a TypeScript project on the packages' sources, in a folder that git ignores. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { publicNames, root } from "../support/publicNames.ts"
import type { Example } from "./collect.ts"

export const folder = path.join(root, ".cache/doctest")

const tsconfig = {
  extends: "../../tsconfig.base.json",
  compilerOptions: {
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    noEmit: true,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    // An example may name what it does not use.
    noUnusedLocals: false,
    types: ["node"],
    paths: Object.fromEntries(publicNames.map(({ name, source }) => [name, [source]]))
  },
  include: ["*.ts"]
}

/** Each is a module of its own, also where it imports nothing. */
const moduleOf = (code: string): string => `${code}\nexport {}\n`

export const write = (examples: ReadonlyArray<Example>): void => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(path.join(folder, "run"), { recursive: true })
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(tsconfig, undefined, 2))
  for (const { code, name } of examples) writeFileSync(path.join(folder, `${name}.ts`), moduleOf(code))
}

const place = (name: string, code: string): string => {
  const file = path.join(folder, "run", `${name}.ts`)
  writeFileSync(file, moduleOf(code))
  return file
}

/** Writes an example that has all it needs, and gives the file. */
export const writeTest = ({ code, name }: Example): string => place(name, code)

/** The address that examples connect to; where they are run it is replaced by that of a server. */
const ADDRESS = "127.0.0.1:2181"

/** Writes an example that uses the server at `connect`, and gives the file. */
export const writeRunnable = ({ code, name, where }: Example, connect: string): string => {
  if (!code.includes(`"${ADDRESS}"`)) throw new Error(`${where} is marked to be run but does not connect to ${ADDRESS}`)
  return place(name, code.replaceAll(`"${ADDRESS}"`, `"${connect}"`))
}
