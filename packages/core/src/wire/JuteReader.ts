/**
 * Jute values out of bytes (org.apache.zookeeper.jute, big endian), never past the end of the frame.
 *
 * One reader serves a whole connection: `reset` points it at the next frame, so that reading allocates nothing but the
 * values themselves.
 */
import { isAscii } from "node:buffer"
import { copy } from "./copy.ts"
import { JuteError } from "./JuteError.ts"

const empty = Buffer.alloc(0)

/** How many bytes of strings are decoded at once. */
const BLOCK = 1024

/** Where a long is put together: a quarter of what readBigInt64BE costs, which calculates with bigints. */
const scratch = new DataView(new ArrayBuffer(8))

/** The last longs that were read, each in the place that its low bits name, with the halves that it was made of. */
const RECENT = 64
const recent: Array<bigint> = new Array<bigint>(RECENT).fill(0n)
const recentHigh = new Int32Array(RECENT)
const recentLow = new Int32Array(RECENT)

/**
 * Java writes characters outside the basic plane as two three-byte surrogates (CESU-8), which no UTF-8 decoder accepts.
 */
const decodeCesu8 = (bytes: Buffer): string => {
  let text = ""
  let from = 0
  for (let i = 0; i + 5 < bytes.length; i++) {
    if (
      bytes[i] !== 0xed ||
      (bytes[i + 1]! & 0xf0) !== 0xa0 ||
      bytes[i + 3] !== 0xed ||
      (bytes[i + 4]! & 0xf0) !== 0xb0
    ) {
      continue
    }
    const high = 0xd000 | ((bytes[i + 1]! & 0x3f) << 6) | (bytes[i + 2]! & 0x3f)
    const low = 0xd000 | ((bytes[i + 4]! & 0x3f) << 6) | (bytes[i + 5]! & 0x3f)
    text += bytes.toString("utf8", from, i) + String.fromCharCode(high, low)
    from = i + 6
    i += 5
  }
  return text + bytes.toString("utf8", from)
}

export class JuteReader {
  private bytes: Buffer = empty
  private position = 0
  private end = 0
  private owned = false

  /** Points the reader at `bytes[start, end)`; `owned` says that `bytes` is the frame's own allocation (Frames). */
  reset(bytes: Buffer, start: number = 0, end: number = bytes.length, owned: boolean = false): this {
    this.bytes = bytes
    this.position = start
    this.end = end
    this.owned = owned
    return this
  }

  /** How many bytes of the frame are unread. */
  get remaining(): number {
    return this.end - this.position
  }

  private take(length: number): number {
    const at = this.position
    if (length > this.end - at) {
      throw new JuteError(`${length} bytes wanted at offset ${at}, ${this.end - at} left in the frame`)
    }
    this.position = at + length
    return at
  }

  boolean(): boolean {
    return this.bytes[this.take(1)] !== 0
  }

  int(): number {
    const at = this.take(4)
    const bytes = this.bytes
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }

  /** A bigint is an allocation, and mostly the number was read before: a Stat has few, and nodes are read again. */
  long(): bigint {
    const high = this.int()
    const low = this.int()
    // Not in the place that it shares with the ids of sessions, whose low bits are 0 as well.
    if (high === 0 && low === 0) return 0n
    const place = low & (RECENT - 1)
    if (high !== recentHigh[place] || low !== recentLow[place]) {
      scratch.setInt32(0, high)
      scratch.setInt32(4, low)
      recent[place] = scratch.getBigInt64(0)
      recentHigh[place] = high
      recentLow[place] = low
    }
    return recent[place]!
  }

  /** A 64-bit time in ms as a number, exact until the year 287396. */
  millis(): number {
    const high = this.int()
    return high * 0x1_0000_0000 + (this.int() >>> 0)
  }

  /** A length: −1 stands for null, less is rubbish, and more than what is left of the frame is cut off here. */
  private length(what: string): number {
    const length = this.int()
    if (length < -1) throw new JuteError(`${what} of negative length ${length}`)
    if (length > this.end - this.position) {
      throw new JuteError(`${what} of ${length} bytes with ${this.end - this.position} left in the frame`)
    }
    return length
  }

  /**
   * Bytes of the caller's own: a copy, never a view of the connection's buffer. A frame that has its own allocation is
   * not copied again when these bytes are most of it.
   */
  buffer(): Uint8Array | null {
    const length = this.length("a buffer")
    if (length === -1) return null
    const at = this.take(length)
    const bytes = this.bytes
    if (this.owned && length * 2 > bytes.length) return new Uint8Array(bytes.buffer, bytes.byteOffset + at, length)
    return copy(bytes, at, at + length)
  }

  nullableString(): string | null {
    const length = this.length("a string")
    if (length === -1) return null
    const at = this.take(length)
    const bytes = this.bytes
    for (let i = at; i < at + length; i++) {
      if (bytes[i]! >= 0x80) {
        const text = bytes.toString("utf8", at, at + length)
        return text.includes("\ufffd") ? decodeCesu8(bytes.subarray(at, at + length)) : text
      }
    }
    return bytes.toString("latin1", at, at + length)
  }

  string(): string {
    const text = this.nullableString()
    if (text === null) throw new JuteError("null where a string is required")
    return text
  }

  /** A count of items: −1 stands for null, and the bytes that are left must be enough for it. */
  private count(minimum: number): number {
    const count = this.int()
    if (count < -1) throw new JuteError(`a vector of negative count ${count}`)
    if (count * minimum > this.end - this.position) {
      throw new JuteError(`a vector of ${count} items with ${this.end - this.position} bytes left in the frame`)
    }
    return count
  }

  /** `null` and the empty vector are told apart. */
  nullableVector<A>(item: (reader: JuteReader) => A, minimum: number): Array<A> | null {
    const count = this.count(minimum)
    if (count === -1) return null
    const items: Array<A> = []
    for (let i = 0; i < count; i++) items.push(item(this))
    return items
  }

  /** A vector in which null counts as empty; `minimum` is the least number of bytes that an item takes. */
  vector<A>(item: (reader: JuteReader) => A, minimum: number): Array<A> {
    return this.nullableVector(item, minimum) ?? []
  }

  /**
   * A vector of strings, null counting as empty. Making a string costs a call into C++, so those that lie together are
   * made as one and cut: V8 makes views of it, so a string that is kept keeps BLOCK bytes alive at most.
   */
  strings(): Array<string> {
    const count = this.count(4)
    const strings: Array<string> = []
    while (strings.length < count) {
      const from = this.position
      const to = this.wholeStrings(count - strings.length)
      const bytes = this.bytes.subarray(from, to)
      // One that is longer than a block, or broken, is read by itself.
      const text = to > from && isAscii(bytes) ? bytes.toString("latin1") : undefined
      do strings.push(text === undefined ? this.string() : this.cut(text, from))
      while (this.position < to)
    }
    return strings
  }

  /** The next string, out of the text that its bytes and those around it from `start` on stand for. */
  private cut(text: string, start: number): string {
    const length = this.int()
    const at = this.take(length) - start
    return text.slice(at, at + length)
  }

  /** Where the last of the next strings ends, at most so many, that lies whole within a block. */
  private wholeStrings(most: number): number {
    const from = this.position
    const limit = Math.min(from + BLOCK, this.end)
    let to = from
    for (let i = 0; i < most && to + 4 <= limit; i++) {
      this.position = to
      const length = this.int()
      if (length < 0 || to + 4 + length > limit) break
      to += 4 + length
    }
    this.position = from
    return to
  }
}
