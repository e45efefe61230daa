/** The words about a server and its connections: srvr, stat and cons. */
import { hexOf, linesOf, listed, numberOf } from "./lines.ts"

/** Times in ms, between a request's arrival and its answer. */
export interface Latency {
  readonly min: number
  readonly avg: number
  readonly max: number
}

export interface ServerStats {
  /** The release alone: `3.8.0`. */
  readonly version: string
  /** All that the server says about its build. */
  readonly build: string
  readonly latency: Latency
  readonly received: number
  readonly sent: number
  readonly connections: number
  readonly outstanding: number
  /** The last transaction that the server has applied. */
  readonly zxid: bigint
  /** `standalone`, `leader`, `follower`, `observer` or `read-only`. */
  readonly mode: string
  readonly nodeCount: number
  /** Sizes in bytes of the leader's proposals, −1 while there was none; only a leader has them. */
  readonly proposalSizes?: { readonly last: number; readonly min: number; readonly max: number }
}

export interface ServerStatsWithClients extends ServerStats {
  readonly clients: ReadonlyArray<ClientConnection>
}

export interface ClientConnection {
  /** Address and port of the client: `127.0.0.1:41684`. */
  readonly address: string
  /** What the server waits for on the socket (java.nio SelectionKey), 0 for nothing. */
  readonly interestOps: number
  readonly queued: number
  readonly received: number
  readonly sent: number
  /** Told by cons for connections that have one. */
  readonly session?: ConnectionSession
}

/** Times are in ms. */
export interface ConnectionSession {
  readonly id: bigint
  /** The last operation, in the server's own abbreviation: `GETD`, `PING`. */
  readonly lastOperation: string
  /** When the connection was made, since 1970. */
  readonly established: number
  readonly timeout: number
  readonly lastXid: number
  readonly lastZxid: bigint
  /** When it was last answered, by a clock of the server that means nothing elsewhere. */
  readonly lastResponse: number
  readonly lastLatency: number
  readonly latency: Latency
}

const field = (lines: ReadonlyArray<string>, name: string): string | undefined =>
  lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)

const three = (text: string | undefined): readonly [number, number, number] | undefined => {
  const [a, b, c] = (text ?? "").split("/").map(numberOf)
  return a === undefined || b === undefined || c === undefined ? undefined : [a, b, c]
}

export const parseServer = (text: string): ServerStats | undefined => {
  const lines = linesOf(text)
  const build = field(lines, "Zookeeper version")
  const version = /^\d+\.\d+\.\d+/.exec(build ?? "")?.[0]
  const latency = three(field(lines, "Latency min/avg/max"))
  const received = numberOf(field(lines, "Received"))
  const sent = numberOf(field(lines, "Sent"))
  const connections = numberOf(field(lines, "Connections"))
  const outstanding = numberOf(field(lines, "Outstanding"))
  const zxid = hexOf(field(lines, "Zxid"))
  const mode = field(lines, "Mode")
  const nodeCount = numberOf(field(lines, "Node count"))
  if (
    build === undefined ||
    version === undefined ||
    latency === undefined ||
    received === undefined ||
    sent === undefined ||
    connections === undefined ||
    outstanding === undefined ||
    zxid === undefined ||
    mode === undefined ||
    nodeCount === undefined
  ) {
    return undefined
  }
  const sizes = three(field(lines, "Proposal sizes last/min/max"))
  return {
    version,
    build,
    latency: { min: latency[0], avg: latency[1], max: latency[2] },
    received,
    sent,
    connections,
    outstanding,
    zxid,
    mode,
    nodeCount,
    ...(sizes === undefined ? {} : { proposalSizes: { last: sizes[0], min: sizes[1], max: sizes[2] } })
  }
}

const parseSession = (fields: ReadonlyMap<string, string>): ConnectionSession | undefined => {
  const id = hexOf(fields.get("sid"))
  if (id === undefined) return undefined
  const number = (name: string): number => numberOf(fields.get(name)) ?? 0
  return {
    id,
    lastOperation: fields.get("lop") ?? "NA",
    established: number("est"),
    timeout: number("to"),
    lastXid: Number(hexOf(fields.get("lcxid")) ?? 0n),
    lastZxid: hexOf(fields.get("lzxid")) ?? 0n,
    lastResponse: number("lresp"),
    lastLatency: number("llat"),
    latency: { min: number("minlat"), avg: number("avglat"), max: number("maxlat") }
  }
}

/** ` /127.0.0.1:41684[1](queued=0,recved=6,sent=6,sid=0x1…)`; before the slash a host name may stand. */
const parseConnection = (line: string): ClientConnection | undefined => {
  const [, address, interestOps, list] = /^\s+[^/]*\/(.+)\[(\d+)\]\((.*)\)$/.exec(line) ?? []
  if (address === undefined || list === undefined) return undefined
  const fields = new Map(
    list.split(",").map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)])
  )
  const session = parseSession(fields)
  return {
    address,
    interestOps: Number(interestOps),
    queued: numberOf(fields.get("queued")) ?? 0,
    received: numberOf(fields.get("recved")) ?? 0,
    sent: numberOf(fields.get("sent")) ?? 0,
    ...(session === undefined ? {} : { session })
  }
}

const connectionsIn = (text: string): ReadonlyArray<ClientConnection> =>
  linesOf(text)
    .map(parseConnection)
    .filter((connection) => connection !== undefined)

export const parseConnections = (text: string): ReadonlyArray<ClientConnection> | undefined =>
  listed(text, connectionsIn(text))

export const parseServerWithClients = (text: string): ServerStatsWithClients | undefined => {
  const server = parseServer(text)
  return server === undefined ? undefined : { ...server, clients: connectionsIn(text) }
}
