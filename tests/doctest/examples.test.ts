/**
 * Every example of the documentation type-checks, those marked `ts run` do and print what they say, and those marked
 * `ts test` register tests that pass.
 *
 * An example that is run connects to 127.0.0.1:2181; here that is an in-process server of its own.
 */
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { inspect } from "node:util"
import { pathToFileURL } from "node:url"
import { vi } from "vitest"
import { root } from "../support/publicNames.ts"
import * as command from "../support/zookeeper/command.ts"
import { collect } from "./collect.ts"
import * as project from "./project.ts"

const examples = collect()
project.write(examples)

const tsc = path.join(root, "node_modules/.bin/tsc")

const printedBy = async (file: string): Promise<ReadonlyArray<string>> => {
  const printed: Array<string> = []
  const log = vi.spyOn(console, "log").mockImplementation((...values) => {
    printed.push(values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" "))
  })
  try {
    await import(/* @vite-ignore */ pathToFileURL(file).href)
  } finally {
    log.mockRestore()
  }
  return printed
}

it.live(
  "every example type-checks",
  () =>
    Effect.gen(function* () {
      assert.isNotEmpty(examples)
      yield* command
        .run(tsc, ["-p", project.folder])
        .pipe(Effect.catchTag("CommandFailed", ({ printed }) => Effect.sync(() => assert.fail(printed))))
    }),
  120_000
)

describe("examples that are run print what they say", () => {
  for (const example of examples.filter(({ isRun }) => isRun)) {
    it.live(example.where, () =>
      Effect.gen(function* () {
        const file = project.writeRunnable(example, (yield* TestServer.make()).connectString)
        const printed = yield* Effect.promise(() => printedBy(file))
        // Fibers print in an order of their own.
        assert.deepStrictEqual(printed.toSorted(), example.prints.toSorted())
      })
    )
  }
})

for (const example of examples.filter(({ isTest }) => isTest)) {
  describe(example.where, async () => {
    await import(/* @vite-ignore */ pathToFileURL(project.writeTest(example)).href)
  })
}
