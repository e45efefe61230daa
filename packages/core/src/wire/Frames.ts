/**
 * Frames out of a stream of bytes: each is an int length and as many bytes.
 *
 * Frames that lie whole in a chunk are handed out in place. Only what the end of a chunk cuts off is copied, once, into
 * an allocation of exactly the frame's size; so a chunk may be a buffer that the next read overwrites. What is still to
 * come of a large frame may be read right into that allocation (`room`).
 */
import { allocate } from "./allocate.ts"
import { JuteError } from "./JuteError.ts"

/**
 * Gets the frame `bytes[start, end)`, without its length. `owned` says that `bytes` is the frame's own allocation and
 * nothing else; otherwise it is part of the chunk and good only until the call returns.
 */
export type OnFrame = (bytes: Buffer, start: number, end: number, owned: boolean) => void

/** The bytes up to the end of the line, as text, if they are readable at all. */
const readable = (bytes: Buffer): string | undefined => /^[ -~]{4,64}/.exec(bytes.toString("latin1", 0, 64))?.[0]

/**
 * What a transport's own buffer holds: a read into less room would bring less, and copying costs less than more reads.
 * Measured with answers of 100 KB: room for the last 36 KB of each saves no CPU over the copy.
 */
const WORTH_A_READ = 64 * 1024

export class Frames {
  private readonly limit: number
  /** What came of a length that the end of a chunk cut, and how many bytes that is. */
  private header = 0
  private headerFilled = 0
  private frame: Buffer | null = null
  private frameFilled = 0
  private stopped = false

  /** `limit` is the greatest length of a frame that is still accepted. */
  constructor(limit: number) {
    this.limit = limit
  }

  /** No more frames, not even those of the chunk at hand. */
  stop(): void {
    this.stopped = true
    this.frame = null
  }

  /** Where the next bytes of the stream belong, if that is much; filled in part or whole, that part is to be pushed. */
  room(): Buffer | undefined {
    const { frame } = this
    return frame !== null && frame.length - this.frameFilled >= WORTH_A_READ
      ? frame.subarray(this.frameFilled)
      : undefined
  }

  /**
   * Hands out every frame that `chunk` completes. Throws JuteError for a length that no frame can have, and what
   * `onFrame` throws; both stop it, since the place in the stream is lost.
   */
  push(chunk: Buffer, onFrame: OnFrame): void {
    try {
      this.split(chunk, onFrame)
    } catch (error) {
      this.stop()
      throw error
    }
  }

  private split(chunk: Buffer, onFrame: OnFrame): void {
    const end = chunk.length
    let at = 0
    while (at < end && !this.stopped) {
      if (this.frame === null) {
        let length: number
        if (this.headerFilled === 0 && end - at >= 4) {
          length = chunk.readInt32BE(at)
          at += 4
        } else {
          this.header = (this.header << 8) | chunk[at++]!
          if (++this.headerFilled < 4) continue
          this.headerFilled = 0
          length = this.header
        }
        if (length < 0 || length > this.limit) throw this.refusal(length, chunk.subarray(at, at + 60))
        if (length <= end - at) {
          at += length
          onFrame(chunk, at - length, at, false)
          continue
        }
        this.frame = allocate(length)
        this.frameFilled = 0
      }
      const frame = this.frame
      // Read into its room: it is in its place.
      const taken = chunk.buffer === frame.buffer ? end : chunk.copy(frame, this.frameFilled, at, end)
      at += taken
      this.frameFilled += taken
      if (this.frameFilled < frame.length) return
      this.frame = null
      onFrame(frame, 0, frame.length, true)
    }
  }

  private refusal(length: number, rest: Buffer): JuteError {
    const what = length < 0 ? `a frame of negative length ${length}` : `a frame of ${length} bytes, limit ${this.limit}`
    const header = Buffer.alloc(4)
    header.writeInt32BE(length)
    const seen = Buffer.concat([header, rest])
    const text = readable(seen)
    if (text !== undefined) return new JuteError(`${what}: this is no ZooKeeper peer, it says '${text}'`)
    // A TLS record: alert (21) or handshake (22), then version 3.x.
    const isTls = (seen[0] === 21 || seen[0] === 22) && seen[1] === 3
    return new JuteError(isTls ? `${what}: the peer speaks TLS` : what)
  }
}
