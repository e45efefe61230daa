/** Every client program that can take part, and why the others cannot. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { root } from "../../support/zookeeper/cache.ts"
import { ours } from "../cell.ts"
import type { Options } from "../options.ts"
import { nodeClients } from "../nodeClients.ts"
import type { Client } from "../table.ts"
import { peers } from "./build.ts"

/** The line with the error, and no more than a line. */
const why = (message: string): string =>
  (message.split("\n").find((line) => line.includes("rror")) ?? message).replace(/\s+/g, " ").slice(0, 200)

export const clients = (options: Options): Effect.Effect<ReadonlyArray<Client>> =>
  Effect.gen(function* () {
    const program = ours(options.profile)
    const all: Array<Client> = Object.entries(nodeClients).map(([name, workloads]) => ({ name, workloads, program }))
    for (const peer of peers) {
      if (options.clients?.includes(peer.name) === false) continue
      const folder = path.join(root(), `bench-${peer.name}`)
      const { name, workloads } = peer
      if (fs.existsSync(folder)) all.push({ name, workloads, program: peer.program(folder) })
      else if (!options.peers) all.push({ name, workloads, missing: "not built; --peers builds it" })
      else {
        const built = yield* Effect.match(peer.build, {
          onFailure: ({ message }): Client => ({
            name,
            workloads,
            missing: `cannot be built: ${why(message)}`
          }),
          onSuccess: (folder): Client => ({ name, workloads, program: peer.program(folder) })
        })
        all.push(built)
      }
    }
    return all.filter(({ name }) => options.clients?.includes(name) ?? true)
  })
