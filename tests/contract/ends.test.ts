/** Nothing of the package keeps a process alive once its scopes have closed. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { root } from "../support/publicNames.ts"
import * as command from "../support/zookeeper/command.ts"

it.live("a process that has used servers, a cluster, a proxy and clients ends by itself", () =>
  Effect.gen(function* () {
    const printed = yield* command.run(
      process.execPath,
      ["--import", "./examples/sources.ts", path.join(import.meta.dirname, "programs/ends.ts")],
      { cwd: root, timeout: 60_000 }
    )
    assert.strictEqual(printed.trim(), "closed")
  })
)
