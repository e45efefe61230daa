/** The 68 bytes of a Stat. */
import type { Stat } from "../model/Stat.ts"
import type { Codec } from "./Operation.ts"
import { plain } from "./plain.ts"

const Decoded = plain<Stat>(function (reader) {
  this.czxid = reader.long()
  this.mzxid = reader.long()
  this.ctime = reader.millis()
  this.mtime = reader.millis()
  this.version = reader.int()
  this.cversion = reader.int()
  this.aversion = reader.int()
  this.ephemeralOwner = reader.long()
  this.dataLength = reader.int()
  this.numChildren = reader.int()
  this.pzxid = reader.long()
})

export const stat: Codec<Stat> = {
  encode: (writer, value) => {
    writer.long(value.czxid)
    writer.long(value.mzxid)
    writer.millis(value.ctime)
    writer.millis(value.mtime)
    writer.int(value.version)
    writer.int(value.cversion)
    writer.int(value.aversion)
    writer.long(value.ephemeralOwner)
    writer.int(value.dataLength)
    writer.int(value.numChildren)
    writer.long(value.pzxid)
  },
  decode: (reader) => new Decoded(reader)
}
