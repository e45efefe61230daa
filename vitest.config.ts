import { defineConfig } from "vitest/config"
import { publicNames } from "./tests/support/publicNames.ts"

/** Tests run on the sources, not on dist: every public name leads to the file that its `exports` entry is built from. */
const sources = publicNames.map(({ name, source }) => ({
  find: new RegExp(`^${name.replace("*", "(.+)")}$`),
  replacement: source.replace("*", "$1")
}))

/**
 * One project per kind of test, so that a machine without Java still runs the rest. A test's time is longer than any wait
 * in it, so that the wait's message is seen and not only that time is over.
 */
const project = (name: string, include: Array<string>, more: object = {}) => ({
  resolve: { alias: sources },
  test: { name, include, testTimeout: 120_000, hookTimeout: 120_000, ...more }
})

/** Tests that need Apache ZooKeeper: they share servers, and fail with advice where none can be started. */
const onServers = {
  globalSetup: [`${import.meta.dirname}/tests/support/sharedServers.setup.ts`],
  setupFiles: [`${import.meta.dirname}/tests/support/requireZooKeeper.setup.ts`]
}

/** `ZK_VERSIONS=3.9,3.6` adds a project `real@3.9` and so on; lines before 3.6 lack half of the operations. */
const otherVersions = (process.env["ZK_VERSIONS"] ?? "")
  .split(",")
  .filter((line) => line !== "")
  .map((line) =>
    project(
      `real@${line}`,
      Number(line.split(".")[1]) < 6
        ? ["tests/real/basic*.test.ts"]
        : ["tests/real/**/*.test.ts", "tests/contract/realServer.test.ts"],
      {
        ...onServers,
        env: { ZK_VERSION: line }
      }
    )
  )

const report = process.env["TEST_REPORT"]

export default defineConfig({
  test: {
    // Most tests wait for servers most of the time, so more of them than there are cores run at once.
    maxWorkers: 4,
    // For whoever counts: .ci/run.
    reporters: report ? ["default", ["json", { outputFile: report }]] : ["default"],
    projects: [
      project("unit", ["packages/*/test/**/*.test.ts"]),
      project("real", ["tests/real/**/*.test.ts"], onServers),
      project("watches", ["tests/watches/**/*.test.ts"], onServers),
      project("auth", ["tests/auth/**/*.test.ts"], onServers),
      ...otherVersions,
      // These run the built command: `npm run build` first.
      project("cli", ["tests/cli/**/*.test.ts"], onServers),
      project("drivers", ["tests/drivers/**/*.test.ts"], onServers),
      project("recipes", ["tests/recipes/!(schedules|queueSchedules).test.ts"], onServers),
      project("recipes@in-process", ["tests/recipes/!(ensemble*|haWorkers|oneShot).test.ts"], {
        env: { RECIPES_ON: "in-process" }
      }),
      // Where watches fire once.
      project(
        "recipes@3.5",
        [
          "tests/recipes/{childrenCache,delayQueue,group,idQueue,nodeCache,persistentWatch,queue,serviceDiscovery,treeCache}.test.ts"
        ],
        {
          env: { RECIPES_ON: "in-process@3.5" }
        }
      ),
      project("interop", ["tests/interop/**/*.test.ts"], onServers),
      project("faults", ["tests/faults/**/*.test.ts"]),
      // Those of its files that compare with real servers say what is missing; the others run without.
      project("contract", ["tests/contract/**/*.test.ts"], {
        globalSetup: onServers.globalSetup
      }),
      project("doctest", ["tests/doctest/**/*.test.ts"]),
      // On what `npm run build` has made.
      project("packaging", ["tests/packaging/**/*.test.ts"], onServers)
    ]
  }
})
