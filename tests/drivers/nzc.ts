/** node-zookeeper-client as an application sees it; the package has no types of its own. */
// @ts-expect-error: it has no types of its own.
import nzc from "node-zookeeper-client"
import type { EventEmitter } from "node:events"

export interface Client extends EventEmitter {
  readonly connect: () => void
  readonly close: () => void
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
  readonly State: { readonly SYNC_CONNECTED: unknown }
}
