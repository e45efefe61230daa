/** Whole numbers as counters of other libraries have them in their nodes. */
import { type Data, text } from "@effect-zookeeper/core/ZooKeeper"
import type { Dialect } from "../Dialect.ts"

/** One way of writing a number. */
export interface Notation {
  /** Whose counters write so. */
  readonly dialect: Dialect
  readonly least?: bigint
  readonly most?: bigint
  readonly encode: (value: bigint) => Data
  /** Undefined for what is no number. */
  readonly decode: (data: Uint8Array) => bigint | undefined
}

/** Two's complement, the most significant byte first, as Java's ByteBuffer writes it. */
const binary = (bits: 32 | 64): Notation => ({
  dialect: "curator",
  least: -(2n ** BigInt(bits - 1)),
  most: 2n ** BigInt(bits - 1) - 1n,
  encode: (value) => {
    const view = new DataView(new ArrayBuffer(bits / 8))
    if (bits === 32) view.setInt32(0, Number(value))
    else view.setBigInt64(0, value)
    return new Uint8Array(view.buffer)
  },
  decode: (data) => {
    if (data.length !== bits / 8) return undefined
    const view = new DataView(data.buffer, data.byteOffset, data.length)
    return bits === 32 ? BigInt(view.getInt32(0)) : view.getBigInt64(0)
  }
})

export const notations = {
  int64: binary(64),
  int32: binary(32),
  decimal: {
    dialect: "kazoo",
    encode: String,
    // What was written by hand may end in a newline; int() of Python reads that as well.
    decode: (data) => {
      const digits = /^\s*([+-]?\d+)\s*$/.exec(text({ data }))?.[1]
      return digits === undefined ? undefined : BigInt(digits)
    }
  }
} as const satisfies Record<string, Notation>

export type Name = keyof typeof notations

/** Why a number cannot be written so; undefined when it can. */
export const excess = (name: Name, value: bigint): string | undefined => {
  const { least, most }: Notation = notations[name]
  if (most !== undefined && value > most) return `${value} is more than an ${name} can be, ${most}`
  if (least !== undefined && value < least) return `${value} is less than an ${name} can be, ${least}`
  return undefined
}

const MOST_SHOWN = 24

/** What is in a node, and as what it would be a number. */
export const mismatch = (name: Name, data: Uint8Array): string => {
  const begin = data.subarray(0, MOST_SHOWN)
  const said = text({ data: begin })
  const more = data.length > MOST_SHOWN ? "…" : ""
  const shown = /^[ -~]+$/.test(said) ? `'${said}${more}'` : Buffer.from(begin).toString("hex") + more
  const others = Object.entries<Notation>(notations).filter(([, { decode }]) => decode(data) !== undefined)
  const hint = others.map(([other]) => `; as "${other}" it would be one`).join("")
  return `${shown} (${data.length} bytes) is no number as "${name}"${hint}`
}
