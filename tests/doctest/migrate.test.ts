/** The steps of examples/migrate-from-node-zookeeper-client: each alone and all together, held to the same day. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import * as path from "node:path"
import { root } from "../support/publicNames.ts"
import { run } from "../support/zookeeper/command.ts"

const folder = path.join(root, "examples/migrate-from-node-zookeeper-client")
const steps = ["0-before", "1-adopt-the-client", "2-streams-and-a-lock", "3-native"]

const read = (file: string): string => readFileSync(path.join(folder, file), "utf8")

/** What the shop saw, and what the workers said. */
const day = Effect.fnUntraced(function* (...workers: ReadonlyArray<string>) {
  // Not one that happens to be in the environment.
  const args = ["-u", "ZK_CONNECT", process.execPath, "--import", "./examples/sources.ts", path.join(folder, "run.ts")]
  const printed = yield* run("env", [...args, ...workers], { cwd: root, timeout: 110_000 })
  const lines = printed.trimEnd().split("\n")
  return {
    shop: lines.filter((line) => !line.startsWith("  ")).slice(2),
    said: lines.filter((line) => line.startsWith("  ")).map((line) => line.trim())
  }
})

const dayOf = (...names: ReadonlyArray<string>) => [
  `Workers: ${names.join(", ")}`,
  "Price: 119.00, write 1",
  "Price: 107.00, write 2",
  "Price: 100.00, write 3",
  ...names.map((name) => `${name}: exit code 0`),
  "Left in workers: 0",
  "Left in lock: 0",
  "Writes: 3",
  "Done."
]

const PUBLISHED = ["publishes 119.00", "publishes 107.00", "publishes 100.00"]

describe("the steps away from node-zookeeper-client", () => {
  for (const step of steps) {
    it.live(
      `${step} does the whole work`,
      () =>
        Effect.gen(function* () {
          const { said, shop } = yield* day(step)
          assert.deepStrictEqual(shop, dayOf("ada"))
          assert.deepStrictEqual(
            said,
            PUBLISHED.map((line) => `ada ${line}`)
          )
        }),
      120_000
    )
  }

  it.live(
    "work together, and each price is published by one of them",
    () =>
      Effect.gen(function* () {
        const { said, shop } = yield* day(...steps)
        assert.deepStrictEqual(shop, dayOf("ada", "blaise", "edsger", "grace"))
        assert.sameMembers(
          said.map((line) => line.replace(/^\w+ /, "")),
          PUBLISHED
        )
      }),
    120_000
  )

  it("end with a change of the layer and nothing else", () => {
    const code = (step: string) =>
      read(`${step}.ts`)
        .replace(/^\/\*\*.*?\*\/\n/s, "")
        .split("\n")
    const [before, after] = [code("2-streams-and-a-lock"), code("3-native")]
    const without = (lines: ReadonlyArray<string>, others: ReadonlyArray<string>) =>
      lines.filter((line) => !others.includes(line))
    assert.deepStrictEqual(without(before, after), [
      `import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"`,
      `const session = NodeZookeeperClient.layerConfig({ connect: Config.String("ZK_CONNECT") })`
    ])
    assert.deepStrictEqual(without(after, before), [
      `const session = ZooKeeper.layerConfig({ connect: Config.String("ZK_CONNECT") })`
    ])
  })

  it("are quoted on their page as they are", () => {
    const programs = steps.map((step) => read(`${step}.ts`))
    const quoted = [...read("README.md").matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code!)
    assert.isNotEmpty(quoted)
    assert.deepStrictEqual(
      quoted.filter((code) => !programs.some((program) => program.includes(code))),
      []
    )
  })
})
