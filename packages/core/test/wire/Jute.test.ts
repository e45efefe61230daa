/** What the Jute reader and writer promise beyond single records. */
import { JuteError } from "@effect-zookeeper/core/wire/JuteError"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import * as Xid from "@effect-zookeeper/core/wire/Xid"
import { describe, expect, it, vi } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { data, long, millis, text, texts } from "./cases.ts"

const written = (write: (writer: JuteWriter) => void): Buffer => {
  const writer = new JuteWriter(16)
  write(writer)
  return Buffer.from(writer.written())
}

const reading = (hex: string): JuteReader => new JuteReader().reset(Buffer.from(hex.replaceAll(" ", ""), "hex"))

describe("lengths and counts", () => {
  it.each([
    ["a string of negative length", "fffffffe", (reader: JuteReader) => reader.string()],
    ["null where a string is required", "ffffffff", (reader: JuteReader) => reader.string()],
    ["a buffer longer than the frame", "7fffffff 00", (reader: JuteReader) => reader.buffer()],
    ["a vector of negative count", "80000000", (reader: JuteReader) => reader.vector((item) => item.string(), 4)],
    [
      "a vector that cannot fit",
      "7fffffff 00000000",
      (reader: JuteReader) => reader.vector((item) => item.string(), 4)
    ],
    [
      "a vector one item too long",
      "00000002 00000000",
      (reader: JuteReader) => reader.vector((item) => item.string(), 4)
    ]
  ])("%s is refused", (_, hex, read) => {
    expect(() => read(reading(hex))).toThrow(JuteError)
  })

  it.each(["80000000", "7fffffff 00000000", "00000002 00000000", "00000001 ffffffff", "00000001 00000002 61"])(
    "strings of %s are refused",
    (hex) => {
      expect(() => reading(hex).strings()).toThrow(JuteError)
    }
  )

  it.prop("strings are read together as they are one by one", [texts, Schema.Array(Schema.Int)], ([some, sizes]) => {
    // Around the size of a block, with what is not ASCII anywhere between.
    const sized = sizes.map((size) => "x".repeat(Math.abs(size) % 1100))
    const all = [...sized, ...some, ...sized]
    const bytes = written((writer) => {
      writer.vector(all, (to, item) => to.string(item))
      writer.int(-1)
    })
    const reader = new JuteReader().reset(bytes)
    expect(reader.strings()).toEqual(all)
    expect(reader.remaining).toBe(4)
  })

  it("many names of children are decoded in blocks", () => {
    const names = Array.from({ length: 1000 }, (_, index) => `child-${String(index).padStart(10, "0")}`)
    const reader = new JuteReader().reset(written((writer) => writer.vector(names, (to, item) => to.string(item))))
    const decoded = vi.spyOn(Buffer.prototype, "toString")
    try {
      expect(reader.strings()).toEqual(names)
      // 51 of 20 bytes each in a block.
      expect(decoded).toHaveBeenCalledTimes(20)
    } finally {
      decoded.mockRestore()
    }
  })

  it.prop("a null vector and an empty one are told apart", [Schema.NullOr(texts)], ([value]) => {
    const bytes = written((writer) => writer.vector(value, (to, item) => to.string(item)))
    expect(new JuteReader().reset(bytes).nullableVector((item) => item.string(), 4)).toEqual(value)
  })
})

describe("text", () => {
  it("reads Java's surrogate pairs between other characters", () => {
    expect(reading("0000000e 61 eda0bdedb880 c3a9 eda0bc 62 00").nullableString()).toBe("a😀é\ufffd\ufffd\ufffdb\u0000")
  })

  it("keeps a byte order mark", () => {
    expect(reading("00000004 efbbbf61").string()).toBe("\ufeffa")
  })

  it.prop("is as long in bytes as it says", [text], ([value]) => {
    expect(written((writer) => writer.string(value))).toEqual(
      Buffer.concat([written((writer) => writer.int(Buffer.byteLength(value))), Buffer.from(value)])
    )
  })
})

describe("numbers", () => {
  it.prop("longs are big endian", [long], ([value]) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(value)
    expect(written((writer) => writer.long(value))).toEqual(bytes)
    expect(new JuteReader().reset(bytes).long()).toBe(value)
  })

  it("a session id read as unsigned is written as the same 64 bits", () => {
    expect(written((writer) => writer.long(0xffff_ffff_ffff_fffen)).toString("hex")).toBe("fffffffffffffffe")
  })

  it.prop("times are the same bytes as longs", [millis], ([value]) => {
    expect(written((writer) => writer.millis(value))).toEqual(written((writer) => writer.long(BigInt(value))))
  })

  it("any byte but 0 is true", () => {
    expect([reading("00").boolean(), reading("01").boolean(), reading("02").boolean()]).toEqual([false, true, true])
  })
})

describe("bytes of the caller's own", () => {
  it.prop("do not change with the buffer that they were read from", [Schema.Uint8Array], ([value]) => {
    const frame = written((writer) => writer.buffer(value))
    const read = new JuteReader().reset(frame).buffer()
    frame.fill(0x5a)
    expect(read).toEqual(value)
  })

  it("are not copied out of a frame that has its own allocation", () => {
    const frame = written((writer) => writer.buffer(new Uint8Array(1000)))
    expect(new JuteReader().reset(frame, 0, frame.length, true).buffer()!.buffer).toBe(frame.buffer)
  })

  it("are copied when they would keep a much larger frame alive", () => {
    const frame = written((writer) => {
      writer.buffer(new Uint8Array(10))
      writer.buffer(new Uint8Array(1000))
    })
    expect(new JuteReader().reset(frame, 0, frame.length, true).buffer()!.buffer.byteLength).toBe(10)
  })

  it.prop("passed in are read at the call", [data], ([value]) => {
    const writer = new JuteWriter(16)
    const passed = value === null ? null : Uint8Array.from(value)
    writer.buffer(passed)
    passed?.fill(0x5a)
    expect(new JuteReader().reset(writer.written()).buffer()).toEqual(value)
  })
})

describe("the writer's slab", () => {
  it.prop("holds frames side by side, however it grows", [Schema.Array(data)], ([values]) => {
    const writer = new JuteWriter(1)
    for (const value of values) {
      const at = writer.beginFrame()
      writer.buffer(value)
      writer.endFrame(at)
    }
    const reader = new JuteReader().reset(writer.written())
    for (const value of values) {
      expect(reader.int()).toBe(4 + (value?.length ?? 0))
      expect(reader.buffer()).toEqual(value)
    }
    expect(reader.remaining).toBe(0)
  })

  it("a request taken back leaves no byte", () => {
    const writer = new JuteWriter()
    writer.int(1)
    const before = writer.length
    writer.string("/too/large")
    writer.truncate(before)
    expect(writer.written().toString("hex")).toBe("00000001")
  })

  it("detached bytes are not written over", () => {
    const writer = new JuteWriter()
    writer.int(1)
    const leaving = writer.written()
    writer.detach()
    writer.int(2)
    expect([leaving.toString("hex"), writer.written().toString("hex")]).toEqual(["00000001", "00000002"])
  })
})

describe("xids", () => {
  it("start at 1, count up, and go from the largest int to 1", () => {
    expect([Xid.FIRST, Xid.next(Xid.FIRST), Xid.next(0x7fff_fffe), Xid.next(0x7fff_ffff)]).toEqual([
      1, 2, 0x7fff_ffff, 1
    ])
  })
})

it.prop(
  "bytes that were encoded elsewhere stand where they were appended, however the slab grows",
  [Schema.Array(Schema.Uint8Array)],
  ([parts]) => {
    const writer = new JuteWriter(1)
    for (const part of parts) writer.append(part)
    expect(Buffer.from(writer.written())).toEqual(Buffer.concat(parts))
  }
)
