import { readFileSync } from "node:fs"
import { defineConfig } from "vitest/config"

/** Tests run on the sources, not on dist: every public name leads to the file that its `exports` entry is built from. */
const sources = ["core", "recipes", "testing", "cli"].flatMap((name) => {
  const folder = `${import.meta.dirname}/packages/${name}`
  const { exports } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { exports: Record<string, unknown> }
  return Object.entries(exports).flatMap(([subpath, target]) => {
    const built = (target as { default?: string } | null)?.default
    if (built === undefined) return []
    const pattern = `^@effect-zookeeper/${name}/${subpath.slice(2).replace("*", "(.+)")}$`
    const source = built.replace("./dist/", "").replace(/\.js$/, ".ts").replace("*", "$1")
    return [{ find: new RegExp(pattern), replacement: `${folder}/src/${source}` }]
  })
})

/** One project per kind of test, so that a machine without Java still runs the rest. */
const project = (name: string, include: Array<string>, more: object = {}) => ({
  resolve: { alias: sources },
  test: { name, include, testTimeout: 30_000, hookTimeout: 120_000, ...more }
})

export default defineConfig({
  test: {
    projects: [
      project("unit", ["packages/*/test/**/*.test.ts"]),
      project("real", ["tests/real/**/*.test.ts"]),
      project("interop", ["tests/interop/**/*.test.ts"]),
      project("faults", ["tests/faults/**/*.test.ts"]),
      project("contract", ["tests/contract/**/*.test.ts"])
    ]
  }
})
