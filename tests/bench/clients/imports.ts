/** Node and those modules of effect that our session imports, and nothing of ours: effect's part of an idle client. */
import { execFileSync } from "node:child_process"
import type { Result } from "../spec.ts"
import { idle } from "./memory.ts"

/** Asked in another process, so that the asking takes no memory of this one. */
const listing = `
import { registerHooks } from "node:module"
const seen = new Set()
registerHooks({
  resolve: (specifier, context, next) => {
    const found = next(specifier, context)
    if (specifier.startsWith("effect/") && !context.parentURL.includes("/node_modules/")) seen.add(found.url)
    return found
  }
})
await import("@effect-zookeeper/core/ZooKeeper")
console.log(JSON.stringify([...seen]))
`

export const run = async (): Promise<Result> => {
  const args = ["--input-type=module", "-e", listing]
  const modules = JSON.parse(
    execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" })
  ) as ReadonlyArray<string>
  await Promise.all(modules.map((module) => import(module)))
  return idle()
}
