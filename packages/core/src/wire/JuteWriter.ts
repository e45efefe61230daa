/**
 * Jute values into one growing slab (org.apache.zookeeper.jute, big endian), so that all requests of a turn lie side by
 * side and leave in one write.
 */

/** A connection that does little needs no more; one that does much gets there in a few steps. */
const FIRST = 1024
/** Where a new slab starts that follows one which was left behind. */
const NEXT = 16 * 1024
const empty = Buffer.alloc(0)

/** Where a long is taken apart: writeBigInt64BE calculates with bigints, which costs several times as much. */
const scratch = new DataView(new ArrayBuffer(8))

export class JuteWriter {
  /** Allocated by the first write. */
  private bytes = empty
  private first: number
  private position = 0

  constructor(size: number = FIRST) {
    this.first = size
  }

  /** How many bytes were written since the last `reset` or `detach`. */
  get length(): number {
    return this.position
  }

  /** The bytes written so far: a view that is good until the next write. */
  written(from: number = 0): Buffer {
    return this.bytes.subarray(from, this.position)
  }

  /** Starts over in the same slab. */
  reset(): void {
    this.position = 0
  }

  /** Takes back everything from `position` on (a request that turned out to be too large). */
  truncate(position: number): void {
    this.position = position
  }

  /** Leaves the slab to whoever still reads from it and starts over in a new one. */
  detach(): void {
    this.first = NEXT
    this.bytes = empty
    this.position = 0
  }

  private reserve(length: number): number {
    const at = this.position
    const needed = at + length
    if (needed > this.bytes.length) {
      // A small one comes out of what Node shares among small Buffers, at a fraction of the cost of memory of its own.
      const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2, this.first))
      this.bytes.copy(larger, 0, 0, at)
      this.bytes = larger
    }
    this.position = needed
    return at
  }

  boolean(value: boolean): void {
    const at = this.reserve(1)
    this.bytes[at] = value ? 1 : 0
  }

  int(value: number): void {
    this.setInt(this.reserve(4), value)
  }

  private setInt(at: number, value: number): void {
    const bytes = this.bytes
    bytes[at] = value >>> 24
    bytes[at + 1] = value >>> 16
    bytes[at + 2] = value >>> 8
    bytes[at + 3] = value
  }

  long(value: bigint): void {
    const at = this.reserve(8)
    scratch.setBigInt64(0, value)
    this.setInt(at, scratch.getInt32(0))
    this.setInt(at + 4, scratch.getInt32(4))
  }

  /** A time in ms, or any other whole number below 2^53. */
  millis(value: number): void {
    this.int(Math.floor(value / 0x1_0000_0000))
    this.int(value % 0x1_0000_0000)
  }

  buffer(value: Uint8Array | null): void {
    if (value === null) return this.int(-1)
    const at = this.reserve(4 + value.length)
    this.setInt(at, value.length)
    this.bytes.set(value, at + 4)
  }

  string(value: string | null): void {
    if (value === null) return this.int(-1)
    const length = value.length
    const at = this.reserve(4 + length)
    const bytes = this.bytes
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code >= 0x80) return this.utf8(value, at)
      bytes[at + 4 + i] = code
    }
    this.setInt(at, length)
  }

  private utf8(value: string, at: number): void {
    const length = Buffer.byteLength(value)
    this.position = at
    this.reserve(4 + length)
    this.setInt(at, length)
    this.bytes.write(value, at + 4, length, "utf8")
  }

  vector<A>(items: ReadonlyArray<A> | null, item: (writer: JuteWriter, value: A) => void): void {
    if (items === null) return this.int(-1)
    this.int(items.length)
    for (const value of items) item(this, value)
  }

  /** Bytes that were encoded elsewhere. */
  append(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length)
    this.bytes.set(bytes, at)
  }

  /** Overwrites an int that was written before. */
  patchInt(at: number, value: number): void {
    this.setInt(at, value)
  }

  /** Leaves room for the length of a frame and says where; `endFrame` fills it in. */
  beginFrame(): number {
    return this.reserve(4)
  }

  endFrame(at: number): void {
    this.setInt(at, this.position - at - 4)
  }
}
