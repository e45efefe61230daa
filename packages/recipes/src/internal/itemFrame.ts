/**
 * The bytes of an item as Curator's queues write them: a version, each item behind a one and its length, and a two at the
 * end (ItemSerializer).
 */
import type { Data } from "@effect-zookeeper/core/ZooKeeper"

const VERSION = 0x00010001
const ITEM = 1
const END = 2

/** The version, the mark of one item with its length, and the end. */
const OVERHEAD = 10

export const frame = (data: Data): Uint8Array => {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data
  const framed = new Uint8Array(bytes.length + OVERHEAD)
  const view = new DataView(framed.buffer)
  view.setUint32(0, VERSION)
  view.setUint8(4, ITEM)
  view.setUint32(5, bytes.length)
  framed.set(bytes, 9)
  view.setUint8(framed.length - 1, END)
  return framed
}

const parse = (bytes: Uint8Array): ReadonlyArray<Uint8Array> | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 5 || view.getUint32(0) !== VERSION) return undefined
  const items: Array<Uint8Array> = []
  let at = 4
  while (bytes[at] === ITEM && at + 5 <= bytes.length) {
    const begin = at + 5
    at = begin + view.getUint32(at + 1)
    // Also when it is longer than what there is.
    items.push(bytes.subarray(begin, at))
  }
  return bytes[at] === END ? items : undefined
}

const NOTHING = new Uint8Array(0)

/** What is in no frame is taken as it is: Curator throws it away. */
export const unframe = (bytes: Uint8Array): readonly [Uint8Array, ...ReadonlyArray<Uint8Array>] => {
  const [first = NOTHING, ...others] = parse(bytes) ?? [bytes]
  return [first, ...others]
}
