/** What an application loads by its first import: modules are memory and time at the start, used or not. */
import { expect, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"

/** Imports a module in a process of its own, and gives the addresses of all that was loaded. */
const loadedBy = (file: string): ReadonlyArray<string> => {
  const program = `
    import { registerHooks } from "node:module"
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    await import(${JSON.stringify(`${import.meta.dirname}/../../src/${file}`)})
    console.log(JSON.stringify(loaded))`
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" }))
}

it("the client loads no Schema, no Config, no TLS and no crypto", () => {
  const loaded = loadedBy("client/ZooKeeper.ts")
  expect(loaded.filter((url) => url.endsWith("/core/src/client/ZooKeeper.ts"))).toHaveLength(1)
  expect(loaded.filter((url) => /effect\/dist\/(Schema|Config)|^node:(tls|crypto)/.test(url))).toEqual([])
})
