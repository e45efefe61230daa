/** node-zookeeper-client as an application sees it; the package has no types of its own. */
// @ts-expect-error: it has no types of its own.
import nzc from "node-zookeeper-client"
import type { EventEmitter } from "node:events"
import type { Socket } from "node:net"

export interface Client extends EventEmitter {
  readonly connectionManager: {
    readonly state: number
    readonly servers: ReadonlyArray<{ readonly host: string; readonly port: string | number }>
    readonly pendingBuffer: Buffer | null
    xid: number
    readonly registerExistenceWatcher: (path: string, watcher: () => void) => void
    setState: (state: number) => void
    socket: Socket | undefined
    connectTimeoutHandler: NodeJS.Timeout | null
    findNextServer: () => void
  }
  readonly options: { readonly retries: number }
  readonly connect: () => void
  readonly close: () => void
  readonly addAuthInfo: (scheme: string, auth: Buffer) => void
  readonly setData: (path: string, data: Buffer, version: number, callback: (error: Error | null) => void) => void
  readonly transaction: () => {
    readonly setData: (path: string, data: Buffer, version: number) => void
    readonly commit: (callback: (error: Error | null) => void) => void
  }
  readonly getState: () => unknown
  readonly getSessionId: () => Buffer
  readonly getSessionTimeout: () => number
  readonly exists: (path: string, callback: (error: Error | null, stat: object | null) => void) => void
  readonly create: (path: string, data: Buffer, callback: (error: Error | null, path: string) => void) => void
  readonly getData: (
    path: string,
    watcher: (event: { readonly path: string }) => void,
    callback: (error: Error | null, data: Buffer | undefined) => void
  ) => void
}

export default nzc as {
  readonly createClient: (
    connect: string,
    options?: { readonly sessionTimeout?: number; readonly spinDelay?: number; readonly retries?: number }
  ) => Client
  readonly State: { readonly SYNC_CONNECTED: unknown; readonly DISCONNECTED: unknown; readonly EXPIRED: unknown }
}

const CLOSING = -1

/** Ends a client as its process would: its `close` throws before it has connected, and goes on for ever when it is down. */
export const stop = ({ connectionManager }: Client): void => {
  connectionManager.findNextServer = () => {}
  connectionManager.setState(CLOSING)
  if (connectionManager.connectTimeoutHandler !== null) clearTimeout(connectionManager.connectTimeoutHandler)
  connectionManager.socket?.destroy()
}
