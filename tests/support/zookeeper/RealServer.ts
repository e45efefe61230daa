/**
 * A single Apache ZooKeeper on a free port, with a fresh data folder, for as long as a scope lasts.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as path from "node:path"
import type { TimedOut } from "../realTime.ts"
import { type NoZooKeeper, provide } from "./distribution.ts"
import * as JavaServer from "./JavaServer.ts"
import { freePorts } from "./ports.ts"
import { retryPorts } from "./retryPorts.ts"
import { temporaryFolder } from "./temporaryFolder.ts"
import * as zooCfg from "./zooCfg.ts"

export interface RealServer extends JavaServer.JavaServer {
  /** The TLS port; undefined without TLS. */
  readonly securePort: number | undefined
}

export interface Options extends zooCfg.ServerOptions {
  readonly tls?: zooCfg.TlsSettings
  /** More options for the JVM, instead of those that keep it small. */
  readonly jvm?: ReadonlyArray<string>
}

const attempt = Effect.fnUntraced(function* (options: Options) {
  const distribution = yield* provide({ line: options.line, tls: options.tls !== undefined })
  const folder = yield* temporaryFolder
  const [port = 0, securePort = 0] = yield* freePorts(2)
  const dataDir = path.join(folder, "data")
  fs.mkdirSync(dataDir)
  const config = zooCfg.text({
    ...zooCfg.base(options, options.tickTime ?? 500),
    dataDir,
    clientPortAddress: "127.0.0.1",
    clientPort: port,
    ...(options.tls === undefined ? {} : zooCfg.tls(options.tls, securePort, folder))
  })
  const server = yield* JavaServer.make({
    distribution,
    mainClass: "org.apache.zookeeper.server.ZooKeeperServerMain",
    folder,
    dataDir,
    config,
    port,
    properties: zooCfg.properties(options, folder),
    heap: options.tls === undefined ? "128m" : "160m",
    jvm: options.jvm ?? []
  })
  yield* server.start
  return { ...server, securePort: options.tls === undefined ? undefined : securePort }
})

/** Starts a server and returns once it has answered a handshake. */
export const make = (
  options: Options = {}
): Effect.Effect<RealServer, NoZooKeeper | JavaServer.ServerFailed | TimedOut, Scope.Scope> =>
  retryPorts(attempt(options))
