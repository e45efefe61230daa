/** A notification's body: what happened to a watched path. */
import type { Codec } from "./Operation.ts"

export interface WatcherEvent {
  /** 1 to 4 on the wire (model/WatchEvent); the other types are made up by clients. */
  readonly type: number
  /** SyncConnected, always. */
  readonly state: number
  readonly path: string
}

/** The one `state` that servers send. */
export const SYNC_CONNECTED = 3

export const watcherEvent: Codec<WatcherEvent> = {
  encode: (writer, { path, state, type }) => {
    writer.int(type)
    writer.int(state)
    writer.string(path)
  },
  decode: (reader) => ({ type: reader.int(), state: reader.int(), path: reader.string() })
}
