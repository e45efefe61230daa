/** The commands of four letters that a connection may begin with, answered in text as the real server words it. */
import { toHex } from "@effect-zookeeper/core/Ids"
import type { ServerConnection } from "./ServerConnection.ts"
import type { ZooKeeperServer } from "./ZooKeeperServer.ts"

const VERSIONS = { "3.5": "3.5.10", "3.6": "3.6.4", "3.8": "3.8.0" } as const

const versionOf = ({ options }: ZooKeeperServer): string =>
  `${VERSIONS[options.version]}-effect-zookeeper, built on 2022-02-25 08:49 UTC`

const NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n"

const modeOf = ({ role }: ZooKeeperServer): string => (role === "readOnly" ? "read-only" : role)

const lines = (...texts: ReadonlyArray<string>): string => texts.map((text) => `${text}\n`).join("")

const statistics = (server: ZooKeeperServer): string =>
  lines(
    "Latency min/avg/max: 0/0.0/0",
    `Received: ${server.packetsReceived}`,
    `Sent: ${server.packetsSent}`,
    `Connections: ${server.connections.size}`,
    "Outstanding: 0",
    `Zxid: ${toHex(server.tree.lastZxid)}`,
    `Mode: ${modeOf(server)}`,
    `Node count: ${server.tree.nodeCount}`
  )

const brief = ({ peer, received, sent, sessionId }: ServerConnection): string =>
  ` /${peer.address}:${peer.port}[${sessionId === 0n ? 0 : 1}](queued=0,recved=${received},sent=${sent})`

const full = (connection: ServerConnection): string => {
  if (connection.sessionId === 0n) return brief(connection)
  const { establishedAt, lastType, lastXid, server, sessionId, timeOut } = connection
  const zxid = toHex(server.tree.lastZxid)
  const now = server.timers.now()
  return (
    `${brief(connection).slice(0, -1)},sid=${toHex(sessionId)},lop=${lastType},est=${establishedAt},to=${timeOut},` +
    `lcxid=0x${(lastXid >>> 0).toString(16)},lzxid=${zxid},lresp=${now},llat=0,minlat=0,avglat=0,maxlat=0)`
  )
}

const configuration = ({ options, role }: ZooKeeperServer): string =>
  lines(
    "clientPort=0",
    "secureClientPort=-1",
    "dataDir=",
    "dataDirSize=0",
    "dataLogDir=",
    "dataLogSize=0",
    `tickTime=${options.tickTime}`,
    `maxClientCnxns=${options.maxClientCnxns}`,
    `minSessionTimeout=${options.minSessionTimeout}`,
    `maxSessionTimeout=${options.maxSessionTimeout}`,
    "clientPortListenBacklog=-1",
    `serverId=${role === "standalone" ? 0 : options.serverId}`
  )

const monitor = (server: ZooKeeperServer): string =>
  [
    ["zk_version", versionOf(server)],
    ["zk_server_state", modeOf(server)],
    ["zk_peer_state", ""],
    ["zk_ephemerals_count", server.tree.ephemeralCount],
    ["zk_num_alive_connections", server.connections.size],
    ["zk_avg_latency", "0.0"],
    ["zk_outstanding_requests", 0],
    ["zk_znode_count", server.tree.nodeCount],
    ["zk_global_sessions", server.tree.sessions.size],
    ["zk_local_sessions", server.local.size],
    ["zk_packets_sent", server.packetsSent],
    ["zk_packets_received", server.packetsReceived],
    ["zk_min_latency", 0],
    ["zk_max_latency", 0],
    ["zk_watch_count", server.watchCount()],
    ["zk_approximate_data_size", server.tree.approximateDataSize],
    ["zk_open_file_descriptor_count", server.connections.size],
    ["zk_max_file_descriptor_count", 1_048_576]
  ]
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `${key}\t${value}\n`)
    .join("")

/** `Sat Nov 21 21:36:31 UTC 2026`, as java.util.Date prints it. */
const dateOf = (time: number): string => {
  const [weekday, day, month, year, clock] = new Date(time).toUTCString().split(/,? /)
  return `${weekday} ${month} ${day} ${clock} UTC ${year}`
}

const dump = (server: ZooKeeperServer): string => {
  const sets = server.tracker.sets
  const count = sets.reduce((sum, [, ids]) => sum + ids.length, 0)
  const owners = [...server.tree.ephemerals].filter(([, paths]) => paths.size > 0)
  return lines(
    "SessionTracker dump:",
    `Session Sets (${sets.length})/(${count}):`,
    ...sets.flatMap(([at, ids]) => [`${ids.length} expire at ${dateOf(at)}:`, ...ids.map((id) => `\t${toHex(id)}`)]),
    "ephemeral nodes dump:",
    `Sessions with Ephemerals (${owners.length}):`,
    ...owners.flatMap(([id, paths]) => [`${toHex(id)}:`, ...[...paths].map((path) => `\t${path}`)]),
    "Connections dump:",
    `Connections Sets (1)/(${server.connections.size}):`,
    `${server.connections.size} expire at ${dateOf(server.timers.now() + server.options.maxSessionTimeout)}:`,
    ...[...server.connections].map(
      (connection) =>
        `\tip: /${connection.peer.address}:${connection.peer.port} sessionId: ${toHex(connection.sessionId)}`
    )
  )
}

// All three tell of the data table only, as the real one does.
const watchSummary = ({ processor: { dataWatches } }: ZooKeeperServer): string =>
  `${dataWatches.connectionCount} connections watching ${dataWatches.pathCount} paths\nTotal watches:${dataWatches.size}\n`

const watchesByPath = ({ processor }: ZooKeeperServer): string =>
  `${processor.dataWatches.byPath
    .map(([path, watchers]) => lines(path, ...watchers.map(({ sessionId }) => `\t${toHex(sessionId)}`)))
    .join("")}\n`

const watchesByConnection = ({ processor }: ZooKeeperServer): string =>
  `${processor.dataWatches.byWatcher
    .map(([{ sessionId }, paths]) => lines(toHex(sessionId), ...paths.map((path) => `\t${path}`)))
    .join("")}\n`

/** A command, and whether only a server that serves can answer it. */
const commands: ReadonlyMap<string, readonly [needsService: boolean, run: (server: ZooKeeperServer) => string]> =
  new Map<string, readonly [boolean, (server: ZooKeeperServer) => string]>([
    ["ruok", [false, () => "imok"]],
    ["isro", [false, (server) => (!server.isServing ? "null" : server.isReadOnly ? "ro" : "rw")]],
    [
      "envi",
      [false, (server) => lines("Environment:", `zookeeper.version=${versionOf(server)}`, "host.name=localhost")]
    ],
    ["srvr", [true, (server) => `Zookeeper version: ${versionOf(server)}\n${statistics(server)}`]],
    [
      "stat",
      [
        true,
        (server) =>
          `Zookeeper version: ${versionOf(server)}\nClients:\n${lines(...[...server.connections].map(brief))}\n${statistics(server)}`
      ]
    ],
    ["cons", [true, (server) => `${lines(...[...server.connections].map(full))}\n`]],
    ["conf", [true, configuration]],
    ["mntr", [true, monitor]],
    ["dump", [true, dump]],
    ["wchs", [true, watchSummary]],
    ["wchp", [true, watchesByPath]],
    ["wchc", [true, watchesByConnection]],
    ["dirs", [true, () => "datadir_size: 0\nlogdir_size: 0\n"]],
    [
      "crst",
      [
        true,
        (server) => {
          for (const connection of server.connections) connection.received = connection.sent = 0
          return "Connection stats reset.\n"
        }
      ]
    ],
    [
      "srst",
      [
        true,
        (server) => {
          server.packetsReceived = server.packetsSent = 0
          return "Server stats reset.\n"
        }
      ]
    ]
  ])

/** `*` allows all; scripts of a real server depend on `srvr`, so it is always allowed. */
const isAllowed = ({ options }: ZooKeeperServer, word: string): boolean =>
  options.fourLetterWords === undefined ||
  ["*", word].some((each) => options.fourLetterWords!.includes(each)) ||
  word === "srvr"

/** What answers a word; undefined when the four bytes are none, but the length of a frame. */
export const command = (word: string): ((server: ZooKeeperServer) => string) | undefined => {
  const found = commands.get(word)
  if (found === undefined) return undefined
  const [needsService, run] = found
  return (server) => {
    if (!isAllowed(server, word)) {
      return `${word} is not executed because it is not in the whitelist.\n`
    }
    return needsService && !server.isServing ? NOT_SERVING : run(server)
  }
}
