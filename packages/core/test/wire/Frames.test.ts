/** The frame splitter, with streams cut in every way. */
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import { JuteError } from "@effect-zookeeper/core/wire/JuteError"
import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

const LIMIT = 1000

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const bodies = Schema.Array(Schema.Uint8Array)
/** How many bytes each read brings, over and over. */
const reads = Schema.NonEmptyArray(Schema.Union([between(1, 9), between(1, 200)]))

const stream = (list: ReadonlyArray<Uint8Array>): Buffer =>
  Buffer.concat(
    list.flatMap((body) => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(body.length)
      return [length, body]
    })
  )

/** Every chunk comes in the same buffer, which is overwritten as soon as `push` has returned. */
const feed = (frames: Frames, bytes: Buffer, sizes: ReadonlyArray<number>): Array<string> => {
  const found: Array<string> = []
  const reused = Buffer.alloc(200)
  for (let at = 0, read = 0; at < bytes.length; read++) {
    const length = bytes.copy(reused, 0, at, at + sizes[read % sizes.length]!)
    frames.push(reused.subarray(0, length), (chunk, start, end) => found.push(chunk.toString("hex", start, end)))
    reused.fill(0x5a)
    at += length
  }
  return found
}

const text = (message: string): Buffer => Buffer.from(message, "latin1")

describe("Frames", () => {
  it.prop("gives the same frames however the stream is cut", [bodies, reads], ([list, sizes]) => {
    const expected = list.map((body) => Buffer.from(body).toString("hex"))
    expect(feed(new Frames(LIMIT), stream(list), sizes)).toEqual(expected)
  })

  it.prop("gives every frame as soon as its last byte is there", [bodies], ([list]) => {
    const frames = new Frames(LIMIT)
    const ends: Array<number> = []
    const bytes = stream(list)
    for (const [at, byte] of bytes.entries()) frames.push(Buffer.from([byte]), () => ends.push(at + 1))
    const expected = list.map((_, index) => stream(list.slice(0, index + 1)).length)
    expect(ends).toEqual(expected)
  })

  it.prop(
    "says which frames have their own allocation, and those have nothing else in it",
    [bodies, reads],
    ([list, sizes]) => {
      const frames = new Frames(LIMIT)
      const bytes = stream(list)
      for (let at = 0, read = 0; at < bytes.length; at += sizes[read++ % sizes.length]!) {
        const chunk = bytes.subarray(at, at + sizes[read % sizes.length]!)
        frames.push(chunk, (from, start, end, owned) => {
          expect(from === chunk).toBe(!owned)
          if (owned) expect([from.buffer.byteLength, start, end]).toEqual([from.length, 0, from.length])
        })
      }
    }
  )

  it.prop(
    "gives the same frames when each read goes where the next bytes belong",
    [Schema.NonEmptyArray(Schema.Union([between(0, 60), between(0, 400_000)])), reads],
    ([lengths, small]) => {
      // Every other read is a large one.
      const sizes = small.flatMap((size) => [size, size * 331])
      const list = lengths.map((length, index) => new Uint8Array(length).fill(index + 1))
      const bytes = stream(list)
      const frames = new Frames(400_000)
      const usual = Buffer.alloc(64 * 1024)
      const kept: Array<Buffer> = []
      for (let at = 0, read = 0; at < bytes.length; read++) {
        const room = frames.room()
        if (room !== undefined) expect(room.length).toBeGreaterThanOrEqual(64 * 1024)
        const into = room ?? usual
        const length = bytes.copy(into, 0, at, at + sizes[read % sizes.length]!)
        frames.push(into.subarray(0, length), (chunk, start, end, owned) => {
          expect(owned).toBe(chunk.buffer !== usual.buffer)
          kept.push(owned ? chunk : Buffer.from(chunk.subarray(start, end)))
        })
        usual.fill(0x5a)
        at += length
      }
      expect(frames.room()).toBeUndefined()
      expect(kept.length).toBe(list.length)
      for (const [index, body] of list.entries()) expect(kept[index]!.equals(body)).toBe(true)
    }
  )

  it("has no room between frames, for the end of one, and after stop", () => {
    const frames = new Frames(100_000)
    const bytes = stream([new Uint8Array(100_000), new Uint8Array(3)])
    const rooms = [0, 3, 4, 5, 34_468, 34_469, 100_004, 100_006].map((to, index, ends) => {
      frames.push(bytes.subarray(ends[index - 1] ?? 0, to), () => {})
      return frames.room()?.length
    })
    expect(rooms).toEqual([undefined, undefined, 100_000, 99_999, 65_536, undefined, undefined, undefined])
    const stopped = new Frames(100_000)
    stopped.push(bytes.subarray(0, 5), () => {})
    stopped.stop()
    expect(stopped.room()).toBeUndefined()
  })

  it("accepts a frame of exactly the limit", () => {
    expect(feed(new Frames(LIMIT), stream([new Uint8Array(LIMIT)]), [200])).toEqual(["00".repeat(LIMIT)])
  })

  it.each([
    ["above the limit", Buffer.from("000003e9", "hex"), "a frame of 1001 bytes, limit 1000"],
    ["negative", Buffer.from("ffffffff00", "hex"), "a frame of negative length -1"],
    ["from HTTP", text("HTTP/1.1 400 Bad Request\r\n\r\n"), "it says 'HTTP/1.1 400 Bad Request'"],
    [
      "from a server that does not serve",
      text("This ZooKeeper instance is not currently serving requests\n"),
      "it says 'This ZooKeeper instance is not currently serving requests'"
    ],
    ["from TLS", Buffer.from("15030300020228", "hex"), "the peer speaks TLS"]
  ])("refuses a length %s", (_, bytes, message) => {
    const refused = (sizes: ReadonlyArray<number>) => () => feed(new Frames(LIMIT), bytes, sizes)
    expect(refused([200])).toThrow(JuteError)
    expect(refused([200])).toThrow(message)
    expect(refused([1])).toThrow(JuteError)
  })

  it("does not allocate what a refused length asks for", () => {
    const frames = new Frames(0x7fff_fffe)
    expect(() => frames.push(Buffer.from("7fffffff", "hex"), () => {})).toThrow("2147483647")
  })

  it("gives no more frames after stop, neither of this chunk nor of the next", () => {
    const frames = new Frames(LIMIT)
    let count = 0
    const chunk = stream([new Uint8Array(1), new Uint8Array(2), new Uint8Array(3)])
    const onFrame = () => {
      if (++count === 2) frames.stop()
    }
    frames.push(chunk, onFrame)
    frames.push(chunk, onFrame)
    expect(count).toBe(2)
  })

  it("lets out what onFrame throws, and then gives no more", () => {
    const frames = new Frames(LIMIT)
    let count = 0
    const chunk = stream([new Uint8Array(1), new Uint8Array(2)])
    const onFrame = () => {
      count++
      throw new JuteError("rubbish")
    }
    expect(() => frames.push(chunk, onFrame)).toThrow("rubbish")
    frames.push(chunk, onFrame)
    expect(count).toBe(1)
  })
})
