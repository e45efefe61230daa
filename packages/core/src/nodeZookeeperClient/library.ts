/**
 * The parts of node-zookeeper-client (1.1) that this driver uses, as types: the package has none of its own. Beside the
 * documented API these are properties of its connection manager, without which none of its faults could be fenced.
 */
import * as Effect from "effect/Effect"
import type { Socket } from "node:net"
import { make as makeError, Unsupported, type ZooKeeperError } from "../model/ZooKeeperError.ts"

/** What a callback gets first: the library's Exception, with the server's code. */
export interface Failure {
  readonly code: number
}

/** Nothing, or what failed. */
export type MaybeFailure = Failure | null | undefined

/** A jute record: numbers of 64 bits are buffers of 8 bytes. */
export interface StatRecord {
  readonly czxid: Buffer
  readonly mzxid: Buffer
  readonly ctime: Buffer
  readonly mtime: Buffer
  readonly version: number
  readonly cversion: number
  readonly aversion: number
  readonly ephemeralOwner: Buffer
  readonly dataLength: number
  readonly numChildren: number
  readonly pzxid: Buffer
}

/** What makes an entry of an ACL acceptable to the library: the record that it writes. */
export interface AclEntry {
  readonly toRecord: () => {
    readonly byteLength: () => number
    readonly serialize: (buffer: Buffer, offset: number) => number
  }
}

/** One event; both watchers of a path (data and children) get the same object. */
export interface Event {
  readonly type: number
  readonly path: string
}

export type Watcher = (event: Event) => void

/** What a transaction brought for one operation, by the type that the server put on it. */
export interface OpResult {
  readonly type: number
  readonly path?: string
  readonly stat?: StatRecord
  readonly err?: number
}

export interface Transaction {
  /** The operations so far, read when the transaction is committed. */
  readonly ops: Array<{ version?: number }>
  readonly create: (path: string, data: Buffer | undefined, acls: ReadonlyArray<AclEntry>, mode: number) => void
  readonly setData: (path: string, data: Buffer | null, version: number) => void
  readonly remove: (path: string, version: number) => void
  readonly check: (path: string, version: number) => void
  readonly commit: (callback: (error: MaybeFailure, results?: ReadonlyArray<OpResult>) => void) => void
}

/** A request on its way. `callback` is the library's own, in front of the one that it was given. */
export interface Packet {
  readonly request: { readonly header: { readonly type: number } | null }
  readonly callback?: (error: unknown, response: unknown) => void
}

/** Where a connection manager stands (its own numbers, which the package does not export). */
export const State = {
  DISCONNECTED: 0,
  CONNECTING: 1,
  CONNECTED: 2,
  CLOSING: -1,
  CLOSED: -2,
  SESSION_EXPIRED: -3,
  AUTHENTICATION_FAILED: -4
} as const

export interface Server {
  readonly host: string
  readonly port: number | string
}

export interface ConnectionManager {
  state: number
  servers: ReadonlyArray<Server>
  readonly chrootPath: string | undefined
  xid: number
  /** The newest transaction, as far as the library took note. */
  zxid: Buffer
  sessionId: Buffer
  sessionPassword: Buffer
  readonly sessionTimeout: number
  socket: Socket | undefined
  connectTimeoutHandler: NodeJS.Timeout | null
  /** Bytes of a frame that is not whole yet. */
  pendingBuffer: Buffer | null
  /** Requests that were written and not answered, in order. */
  readonly pendingQueue: Array<Packet>
  /** Requests that were not written. */
  readonly packetQueue: { queue: Array<Packet> }
  readonly watcherManager: {
    readonly dataWatchers: Readonly<Record<string, unknown>>
    readonly childWatchers: Readonly<Record<string, unknown>>
    readonly existenceWatchers: Readonly<Record<string, unknown>>
  }
  readonly on: (event: "state", listener: (state: number) => void) => void
  readonly removeListener: (event: "state", listener: (state: number) => void) => void
  readonly setState: (state: number) => void
  readonly updateTimeout: (sessionTimeout: number) => void
  findNextServer: (callback: (server: Server) => void) => void
  onSocketConnected: () => void
  onSocketData: (chunk: Buffer) => void
  onSocketClosed: (hasError: boolean) => void
  onSocketError: (error: Error) => void
}

/**
 * The documented client, as far as this driver calls it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Client {
  readonly connectionManager: ConnectionManager
  readonly options: { retries: number }
  readonly connect: () => void
  readonly close: () => void
  readonly addAuthInfo: (scheme: string, auth: Buffer) => void
  readonly create: (
    path: string,
    data: Buffer | undefined,
    acls: ReadonlyArray<AclEntry>,
    mode: number,
    callback: (error: MaybeFailure, path: string) => void
  ) => void
  readonly remove: (path: string, version: number, callback: (error: MaybeFailure) => void) => void
  readonly exists: (
    path: string,
    watcher: Watcher | undefined,
    callback: (error: MaybeFailure, stat: StatRecord | null) => void
  ) => void
  readonly getData: (
    path: string,
    watcher: Watcher | undefined,
    callback: (error: MaybeFailure, data: Buffer | undefined, stat: StatRecord) => void
  ) => void
  readonly setData: (
    path: string,
    data: Buffer,
    version: number,
    callback: (error: MaybeFailure, stat: StatRecord) => void
  ) => void
  readonly getChildren: (
    path: string,
    watcher: Watcher | undefined,
    callback: (error: MaybeFailure, children: ReadonlyArray<string> | undefined, stat: StatRecord) => void
  ) => void
  readonly getACL: (
    path: string,
    callback: (
      error: MaybeFailure,
      acls: ReadonlyArray<{
        readonly permission: number
        readonly id: { readonly scheme: string; readonly id: string }
      }>,
      stat: StatRecord
    ) => void
  ) => void
  readonly setACL: (
    path: string,
    acls: ReadonlyArray<AclEntry>,
    version: number,
    callback: (error: MaybeFailure, stat: StatRecord) => void
  ) => void
  readonly transaction: () => Transaction
}

export interface Library {
  readonly createClient: (
    connectionString: string,
    options: { readonly sessionTimeout: number; readonly spinDelay: number; readonly retries: number }
  ) => Client
}

/** Loads the package, which is an optional peer dependency. */
export const load: Effect.Effect<Library, ZooKeeperError> = Effect.tryPromise({
  // @ts-expect-error: it has no types of its own.
  try: () => import("node-zookeeper-client") as Promise<{ readonly default: Library }>,
  catch: (cause) => {
    const detail = `node-zookeeper-client cannot be loaded; install it beside this package: ${String(cause)}`
    return makeError(() => ({ operation: "connect", applied: "no", reason: new Unsupported({ detail }) }))
  }
}).pipe(Effect.map((module) => module.default))
