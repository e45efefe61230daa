/** What must be true of a published package beside what publint and attw look at. */
import * as path from "node:path"
import { modules, type Manifest, type Package } from "./packages.ts"

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const manifestProblems = (manifest: Manifest): ReadonlyArray<string> => {
  const problems: Array<string> = []
  const expect = (field: string, wanted: unknown) => {
    if (!same(manifest[field], wanted)) problems.push(`"${field}" must be ${JSON.stringify(wanted)}`)
  }
  expect("type", "module")
  expect("license", "MIT")
  expect("engines", { node: ">=22.19" })
  expect("publishConfig", { access: "public", provenance: true })
  if (typeof manifest["description"] !== "string" || manifest["description"] === "") {
    problems.push(`"description" is missing`)
  }
  if (modules(manifest).length === 0) return problems
  expect("sideEffects", [])
  if (manifest.peerDependencies?.["effect"] !== "^4.1.0") problems.push(`effect must be a peer dependency, ^4.1.0`)
  for (const [subpath, target] of modules(manifest)) {
    if (target === null) continue
    if (typeof target === "string" || !same(Object.keys(target), ["types", "default"])) {
      problems.push(`exports["${subpath}"] must have "types", then "default"`)
      continue
    }
    const base = /^\.\/dist\/(.+)\.js$/.exec(target.default ?? "")?.[1]
    if (base === undefined || target.types !== `./dist/${base}.d.ts`) {
      problems.push(`exports["${subpath}"] must point at a built module and its declarations`)
    }
  }
  return problems
}

const isChunk = (file: string): boolean => /^dist\/chunks\/[^/]+\.js$/.test(file)

/** Every source with what was built of it, and nothing else. Of a bundle only public modules are files, beside its chunks. */
const libraryFiles = (manifest: Manifest, files: ReadonlyArray<string>): ReadonlyArray<string> => {
  const chunks = files.filter(isChunk)
  const patterns = modules(manifest).map(([, target]) =>
    typeof target === "object" ? (target?.default?.replace(/^\.\//, "").replace("*", "**/*") ?? "") : ""
  )
  const sources = files.filter((file) => file.startsWith("src/"))
  const scripts = sources
    .map((file) => file.replace(/^src/, "dist").replace(/\.ts$/, ".js"))
    .filter((script) => chunks.length === 0 || patterns.some((pattern) => path.matchesGlob(script, pattern)))
  const declarations = sources.map((file) => file.replace(/^src/, "dist").replace(/\.ts$/, ".d.ts"))
  const maps = [...scripts, ...chunks, ...declarations].map((file) => `${file}.map`)
  // A file that only passes on what is in chunks has nothing to map.
  const mapped = chunks.length === 0 ? maps : maps.filter((map) => files.includes(map))
  return [...sources, ...scripts, ...chunks, ...declarations, ...mapped]
}

const fileProblems = (manifest: Manifest, files: ReadonlyArray<string>): ReadonlyArray<string> => {
  const wanted = new Set(["package.json", "README.md", "LICENSE"])
  if (modules(manifest).length > 0) for (const file of libraryFiles(manifest, files)) wanted.add(file)
  for (const file of Object.values(manifest.bin ?? {})) wanted.add(file.replace("./", ""))
  const isPartOfBundle = (file: string) => manifest.bin !== undefined && /^dist\/([a-z]+|chunks\/[^/]+)\.js$/.test(file)
  return [
    ...[...wanted].filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...files.filter((file) => !wanted.has(file) && !isPartOfBundle(file)).map((file) => `${file} does not belong there`)
  ]
}

const internalProblems = (manifest: Manifest, files: ReadonlyArray<string>): ReadonlyArray<string> =>
  files.some((file) => file.startsWith("src/internal/")) && manifest.exports?.["./internal/*"] !== null
    ? [`exports must close "./internal/*"`]
    : []

export const problemsOf = ({ manifest }: Package, files: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...manifestProblems(manifest),
  ...fileProblems(manifest, files),
  ...internalProblems(manifest, files)
]
