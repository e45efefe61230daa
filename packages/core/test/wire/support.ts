/** What the wire tests share: codecs run on whole frames. */
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import type { Codec } from "@effect-zookeeper/core/wire/Operation"

export const encode = <A>(codec: Codec<A>, value: A): Buffer => {
  const writer = new JuteWriter(16)
  codec.encode(writer, value)
  return Buffer.from(writer.written())
}

export const decode = <A>(codec: Codec<A>, bytes: Buffer): A => codec.decode(new JuteReader().reset(bytes))

/** The bodies of all frames in `bytes`. */
export const framesOf = (bytes: Buffer, limit = 16 * 1024 * 1024): Array<Buffer> => {
  const found: Array<Buffer> = []
  new Frames(limit).push(bytes, (chunk, start, end) => found.push(Buffer.from(chunk.subarray(start, end))))
  return found
}
