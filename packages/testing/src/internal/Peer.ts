/** One end of a byte connection as the server sees it, whatever carries the bytes. */

export interface Peer {
  /** The client's address, its `ip` identity. */
  readonly address: string
  readonly port: number
  readonly write: (bytes: Buffer) => void
  /** Closes once what was written has left. */
  readonly end: () => void
  /** Closes at once. */
  readonly destroy: () => void
}

export interface PeerReceiver {
  /** The chunk is good during the call only. */
  readonly onChunk: (chunk: Buffer) => void
  /** The other side has gone. Never called after `end` or `destroy`. */
  readonly onClose: () => void
}

/** Takes a new connection; undefined turns it away. */
export type Accept = (peer: Peer) => PeerReceiver | undefined
