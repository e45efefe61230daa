/**
 * A single server and an ensemble for all test files of a run, started by the first test that asks for them.
 *
 * This is a vitest globalSetup: it runs in vitest's own process, which test files reach over a little HTTP. It must not
 * throw, since that would end the run of every project; `requireZooKeeper.setup.ts` reports what is missing instead.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { TestProject } from "vitest/node"
import { provide } from "./zookeeper/distribution.ts"
import * as RealEnsemble from "./zookeeper/RealEnsemble.ts"
import * as RealServer from "./zookeeper/RealServer.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** Where to ask for the shared servers, or why there are none. */
    readonly zookeeper: { readonly url: string } | { readonly missing: string }
  }
}

interface Shared {
  readonly url: string
  readonly stop: () => Promise<void>
}

const open = async (line: string | undefined): Promise<Shared> => {
  const scope = Scope.makeUnsafe()
  const options = line === undefined ? {} : { line }
  const once = <E>(make: Effect.Effect<{ readonly connectString: string }, E, Scope.Scope>) =>
    Effect.runSync(Effect.cached(Scope.provide(make, scope)))
  const servers = new Map([
    ["/single", once(RealServer.make(options))],
    ["/ensemble", once(RealEnsemble.make(options))]
  ])
  const http = createServer((request, response) => {
    const server = servers.get(request.url ?? "")
    if (server === undefined) return void response.writeHead(404).end()
    Effect.runPromise(server).then(
      ({ connectString }) => response.end(connectString),
      (error: unknown) => response.writeHead(500).end(String(error))
    )
  })
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
  http.unref()
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    stop: async () => {
      http.close()
      http.closeAllConnections()
      await Effect.runPromise(Scope.close(scope, Exit.void))
    }
  }
}

// Every project loads this file anew, but those that test the same line share its servers.
const lines: Map<string, { readonly shared: Promise<Shared>; users: number }> = ((
  globalThis as Record<symbol, unknown>
)[Symbol.for("effect-zookeeper/sharedServers")] ??= new Map()) as never

export default async (project: TestProject): Promise<(() => Promise<void>) | undefined> => {
  const line = project.config.env?.["ZK_VERSION"] ?? (process.env["ZK_VERSION"] || undefined)
  const found = await Effect.runPromise(Effect.result(provide({ line })))
  if (Result.isFailure(found)) {
    project.provide("zookeeper", { missing: found.failure.message })
    return undefined
  }
  const key = line ?? ""
  const entry = lines.get(key) ?? { shared: open(line), users: 0 }
  lines.set(key, entry)
  entry.users++
  const { stop, url } = await entry.shared
  project.provide("zookeeper", { url })
  return async () => {
    if (--entry.users > 0) return
    lines.delete(key)
    await stop()
  }
}
