/**
 * Copies of bytes for users. A typed array of more than 64 bytes lies outside of V8's heap, and getting that memory costs
 * more than all the rest of a small answer; so small values share slabs, as Node's small Buffers do.
 *
 * A slab is small and written once: a value that is kept for long keeps 4 KiB alive at most, where one of Node's keeps
 * `Buffer.poolSize`, 64 KiB. Measured with values of 100 bytes: where all are kept, they take 510 bytes each against 760
 * for allocations of their own; where one in ten is kept, 1,600 against 1,440. With 1 KiB a value costs twice the CPU.
 */
import { markAsUntransferable } from "node:worker_threads"

/** What V8 keeps on its heap, at no such cost. */
const ON_HEAP = 64
const SMALL = 256
const SLAB = 4096

let slab = new ArrayBuffer(SLAB)
let used = SLAB

const fromSlab = (length: number): Uint8Array => {
  if (used + length > SLAB) {
    slab = new ArrayBuffer(SLAB)
    // Handing one value over to a worker must not take its neighbours away.
    markAsUntransferable(slab)
    used = 0
  }
  const bytes = new Uint8Array(slab, used, length)
  used += length
  return bytes
}

/** The bytes `[start, end)` as the caller's own. */
export const copy = (bytes: Buffer, start: number, end: number): Uint8Array => {
  const length = end - start
  if (length > SMALL) return new Uint8Array(bytes.subarray(start, end))
  const copied = length > ON_HEAP ? fromSlab(length) : new Uint8Array(length)
  for (let i = 0; i < length; i++) copied[i] = bytes[start + i]!
  return copied
}
