/** Looks at the head of each request that passes by, and holds back nothing else: rubbish is for the server to judge. */

const LENGTH = 4
/** xid and type. */
const HEADER = 8

export class Requests {
  /** Gets the length, xid and type of a request, or less of a shorter frame; false stops everything. */
  private readonly mayPass: (head: Buffer) => boolean
  private readonly forward: (bytes: Buffer) => void
  /** A length that the server takes for no frame: from there on there are none. */
  private readonly limit: number
  private head = Buffer.alloc(0)
  /** Bytes of the frame at hand that are still to pass. */
  private remaining = 0
  private isPlain: boolean | undefined

  constructor(limit: number, mayPass: (head: Buffer) => boolean, forward: (bytes: Buffer) => void) {
    this.limit = limit
    this.mayPass = mayPass
    this.forward = forward
  }

  /** False when a request may not pass: those before it have. */
  push(chunk: Buffer): boolean {
    // The first byte of a handshake's length is 0; a four-letter word begins with a letter.
    this.isPlain ??= chunk[0] !== 0
    const passing: Array<Buffer> = []
    let isStopped = false
    let at = 0
    while (at < chunk.length) {
      if (this.isPlain || this.remaining > 0) {
        const end = this.isPlain ? chunk.length : Math.min(chunk.length, at + this.remaining)
        passing.push(chunk.subarray(at, end))
        this.remaining -= this.isPlain ? 0 : end - at
        at = end
        continue
      }
      const taken = Math.min(chunk.length - at, this.wanted() - this.head.length)
      this.head = Buffer.concat([this.head, chunk.subarray(at, at + taken)])
      at += taken
      if (this.head.length < LENGTH) break
      const length = this.head.readInt32BE(0)
      this.isPlain = length < 0 || length > this.limit
      if (!this.isPlain && this.head.length < this.wanted()) continue
      isStopped = !this.isPlain && !this.mayPass(this.head)
      if (isStopped) break
      passing.push(this.head)
      this.remaining = length - (this.head.length - LENGTH)
      this.head = Buffer.alloc(0)
    }
    if (passing.length > 0) this.forward(passing.length === 1 ? passing[0]! : Buffer.concat(passing))
    return !isStopped
  }

  private wanted(): number {
    return this.head.length < LENGTH ? LENGTH : LENGTH + Math.min(HEADER, this.head.readInt32BE(0))
  }
}
