/** What `npm start` runs, over each driver: the whole tour, and a clean end. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { root } from "../support/publicNames.ts"
import { run } from "../support/zookeeper/command.ts"

for (const driver of ["native", "node-zookeeper-client"]) {
  it.live(
    `npm start over ${driver}`,
    () =>
      Effect.gen(function* () {
        const program = [process.execPath, "--import", "./examples/sources.ts", "examples/main.ts"]
        const args = ["-u", "ZK_CONNECT", `ZK_DRIVER=${driver}`, ...program]
        const printed = yield* run("env", args, { cwd: root, timeout: 110_000 })
        const lines = printed.trimEnd().split("\n")
        assert.match(lines[1] ?? "", new RegExp(`^Connected to .*, ${driver} driver$`))
        assert.include(lines, "  deleted: (no node)")
        assert.include(printed, "set it to version 1 in one transaction")
        assert.include(printed, "failed with BadVersion")
        assert.lengthOf(printed.match(/ leads \(token \d+\)$/gm) ?? [], 3)
        assert.strictEqual(lines.at(-1), "Closed.")
      }),
    120_000
  )
}
