/**
 * Three Apache ZooKeepers that form an ensemble, for as long as a scope lasts.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as path from "node:path"
import { awaitState } from "../awaitState.ts"
import type { TimedOut } from "../realTime.ts"
import { type NoZooKeeper, provide } from "./distribution.ts"
import * as JavaServer from "./JavaServer.ts"
import { freePorts } from "./ports.ts"
import { retryPorts } from "./retryPorts.ts"
import { temporaryFolder } from "./temporaryFolder.ts"
import * as zooCfg from "./zooCfg.ts"

export interface Member extends JavaServer.JavaServer {
  /** Its number in the ensemble, 1 to 3. */
  readonly id: number
}

export interface RealEnsemble {
  /** All servers. */
  readonly connectString: string
  readonly servers: readonly [Member, Member, Member]
  /** The server that says so, once just one does. Frozen servers are not asked. */
  readonly leader: Effect.Effect<Member, TimedOut>
  /** The two that follow, once there are two. */
  readonly followers: Effect.Effect<readonly [Member, Member], TimedOut>
  /** Waits until every server that runs and is not frozen serves, one of them as the leader. */
  readonly awaitQuorum: Effect.Effect<void, JavaServer.ServerFailed | TimedOut>
  /** Restarts the servers one after the other, each once the one before serves again; the leader last. */
  readonly roll: Effect.Effect<void, JavaServer.ServerFailed | TimedOut>
}

export interface Options extends zooCfg.ServerOptions {
  /** Whether `reconfig` is allowed. Default false. */
  readonly reconfig?: boolean
}

const IDS = [1, 2, 3] as const

const members = Effect.fnUntraced(function* (options: Options) {
  const distribution = yield* provide({ line: options.line })
  const ports = yield* freePorts(3 * IDS.length)
  const port = (id: number, which: 0 | 1 | 2) => ports[3 * (id - 1) + which]!
  const addresses = Object.fromEntries(
    IDS.map((id) => [`server.${id}`, `127.0.0.1:${port(id, 1)}:${port(id, 2)}:participant;127.0.0.1:${port(id, 0)}`])
  )
  const member = Effect.fnUntraced(function* (id: number) {
    const folder = yield* temporaryFolder
    const dataDir = path.join(folder, "data")
    fs.mkdirSync(dataDir)
    fs.writeFileSync(path.join(dataDir, "myid"), `${id}\n`)
    const server = yield* JavaServer.make({
      distribution,
      mainClass: "org.apache.zookeeper.server.quorum.QuorumPeerMain",
      folder,
      dataDir,
      config: zooCfg.text({
        initLimit: 50,
        syncLimit: 10,
        standaloneEnabled: false,
        reconfigEnabled: options.reconfig ?? false,
        ...zooCfg.base(options, options.tickTime ?? 200),
        dataDir,
        ...addresses
      }),
      port: port(id, 0),
      properties: zooCfg.properties(options, folder),
      heap: "64m"
    })
    return { ...server, id }
  })
  return [yield* member(1), yield* member(2), yield* member(3)] as const
})

const mode = (server: Member) =>
  Effect.map(server.fourLetterWord("srvr"), (answer) => /^Mode: (\w+)/m.exec(answer)?.[1] ?? "silent")

const attempt = Effect.fnUntraced(function* (options: Options) {
  const servers = yield* members(options)
  const running = Effect.sync(() => servers.filter((server) => server.state() === "running"))
  const modes = Effect.flatMap(running, (all) =>
    Effect.forEach(all, (server) => Effect.map(mode(server), (is) => ({ id: server.id, is })), {
      concurrency: "unbounded"
    })
  )
  const withMode = (wanted: string, count: number) =>
    awaitState(modes, (all) => all.filter(({ is }) => is === wanted).length === count, {
      describe: `${count} ${wanted}(s) in the ensemble`,
      within: "60 seconds"
    }).pipe(
      Effect.map((all) => servers.filter((server) => all.some(({ id, is }) => id === server.id && is === wanted)))
    )
  const leader = Effect.map(withMode("leader", 1), ([only]) => only!)
  const followers = Effect.map(withMode("follower", 2), ([one, other]) => [one!, other!] as const)

  const awaitQuorum = Effect.flatMap(running, (all) =>
    Effect.forEach(all, (server) => server.awaitReady, { concurrency: "unbounded", discard: true })
  ).pipe(Effect.andThen(leader), Effect.asVoid)

  const roll = Effect.gen(function* () {
    const last = yield* leader
    for (const server of [...servers.filter(({ id }) => id !== last.id), last]) {
      yield* server.terminate
      yield* server.start
    }
    yield* awaitQuorum
  })

  yield* Effect.forEach(servers, (server) => server.spawn, { discard: true })
  yield* awaitQuorum
  const connectString = servers.map((server) => server.connectString).join(",")
  return { connectString, servers, leader, followers, awaitQuorum, roll }
})

/** Starts the servers and returns once all three serve. */
export const make = (
  options: Options = {}
): Effect.Effect<RealEnsemble, NoZooKeeper | JavaServer.ServerFailed | TimedOut, Scope.Scope> =>
  retryPorts(attempt(options))
