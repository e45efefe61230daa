/** The 68 bytes of a Stat. */
import type { Stat } from "../model/Stat.ts"
import type { Codec } from "./Operation.ts"

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
  decode: (reader) => ({
    czxid: reader.long(),
    mzxid: reader.long(),
    ctime: reader.millis(),
    mtime: reader.millis(),
    version: reader.int(),
    cversion: reader.int(),
    aversion: reader.int(),
    ephemeralOwner: reader.long(),
    dataLength: reader.int(),
    numChildren: reader.int(),
    pzxid: reader.long()
  })
}
