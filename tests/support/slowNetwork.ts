/**
 * Has every socket of a test run send late now and then, in order, as on a busy machine: a test that takes "has begun" for
 * "has got so far" fails with it. `NODE_OPTIONS="--import ./tests/support/slowNetwork.ts" npx vitest run FILE`
 */
import { Socket } from "node:net"

/** So many writes are late, by so many ms at most. */
const SHARE = 0.3
const LATEST = 15

type Done = (error?: Error | null) => void
const { _write: write, _writev: writev } = Socket.prototype

const late = (send: () => void): void => {
  if (Math.random() < SHARE) setTimeout(send, Math.random() * LATEST)
  else send()
}

Socket.prototype._write = function (chunk: unknown, encoding: BufferEncoding, done: Done) {
  late(() => write.call(this, chunk, encoding, done))
}

// A socket that has more to send waits until it is told that this was sent.
Socket.prototype._writev = function (chunks, done: Done) {
  late(() => writev!.call(this, chunks, done))
}
