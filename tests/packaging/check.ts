/** `npm run package:check`: every package as npm would publish it, by publint, by attw and by our own rules. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { modules, pack, type Package, packages, run } from "./packages.ts"
import { problemsOf } from "./rules.ts"

const bin = path.resolve(import.meta.dirname, "../../node_modules/.bin")

/** Runs a checker; what it printed when it objects. */
const complaint = (command: string, ...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> =>
  run(path.join(bin, command), args).then(
    () => [],
    (error: { readonly stdout?: string; readonly stderr?: string; readonly message: string }) => [
      `${command}: ${`${error.stdout ?? ""}${error.stderr ?? ""}`.trim() || error.message}`
    ]
  )

const check = async (each: Package, destination: string): Promise<void> => {
  const { file, files } = await pack(each.folder, destination)
  const isLibrary = modules(each.manifest).length > 0
  const complaints = await Promise.all([
    complaint("publint", "run", file, "--strict"),
    isLibrary ? complaint("attw", file, "--profile", "esm-only") : []
  ])
  const problems = [...problemsOf(each, files), ...complaints.flat()]
  console.log(`${each.manifest.name}: ${problems.length === 0 ? `${files.length} files, no problem` : "not good"}`)
  for (const problem of problems) console.log(`  ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}

const destination = mkdtempSync(path.join(tmpdir(), "package-check-"))
try {
  await Promise.all(packages.map((each) => check(each, destination)))
} finally {
  rmSync(destination, { recursive: true, force: true })
}
