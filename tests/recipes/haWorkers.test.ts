/** The user's scenario, run as it stands in the examples, in processes that are killed (parity 20 to 23). */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { run } from "../support/zookeeper/command.ts"
import * as path from "node:path"
import { connectStringOf, onServers } from "./support.ts"

const root = path.join(import.meta.dirname, "../..")

it.live("two masters at a time: killed, deleted by hand, frozen, and back in time or too late", () =>
  Effect.gen(function* () {
    const zk = yield* onServers()
    const args = ["ZK_CONNECT=" + connectStringOf(zk), process.execPath, "--import", "./examples/sources.ts"]
    const printed = yield* run("env", [...args, "examples/ha-workers.ts"], { cwd: root, timeout: 110_000 })
    const lines = printed.split("\n").map((line) => line.trim())
    const happened = (...wanted: ReadonlyArray<string>) => {
      let from = 0
      for (const each of wanted) {
        const at = lines.findIndex((line, index) => index >= from && line === each)
        assert.isAtLeast(at, 0, `'${each}' after '${lines[from - 1] ?? ""}' in\n${printed}`)
        from = at + 1
      }
    }
    happened(
      "Masters: Ada, Blaise",
      "Ada is killed:",
      "Masters: Blaise, Grace",
      "Blaise's node is deleted by hand:",
      "Masters: Grace, Edsger",
      "Grace stands still for longer than its session lives:",
      "Masters: Edsger, Blaise",
      "Grace ended with exit code 1",
      "It is killed, and back in time:",
      "It kept its place.",
      "It is killed, and not back in time:",
      "Servers: nobody",
      "Servers: game",
      "It lost its place, and has a new one.",
      "Done."
    )
    happened("Blaise works as a master", "Blaise shuts its work down", "Blaise is Standby", "Blaise works as a master")
    happened("Grace works as a master", "Grace shuts its work down")
  })
)
