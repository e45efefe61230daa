/**
 * A node's Stat for people and for JSON, whose numbers cannot hold 64 bits.
 */
import * as Ids from "@effect-zookeeper/core/Ids"
import type { Stat } from "@effect-zookeeper/core/Stat"

/** Transaction ids and the owner are hexadecimal strings, times are milliseconds since 1970. */
export const toJson = (stat: Stat) => ({
  czxid: Ids.toHex(stat.czxid),
  mzxid: Ids.toHex(stat.mzxid),
  ctime: stat.ctime,
  mtime: stat.mtime,
  version: stat.version,
  cversion: stat.cversion,
  aversion: stat.aversion,
  ephemeralOwner: Ids.toHex(stat.ephemeralOwner),
  dataLength: stat.dataLength,
  numChildren: stat.numChildren,
  pzxid: Ids.toHex(stat.pzxid)
})

const time = (millis: number): string => new Date(millis).toISOString()

/** One field a line, in the order of zkCli.sh. */
export const toText = (stat: Stat): string =>
  Object.entries({ ...toJson(stat), ctime: time(stat.ctime), mtime: time(stat.mtime) })
    .map(([name, value]) => `${name.padEnd(15)}${value}\n`)
    .join("")

/** One line of `ls -l`: kind, version, bytes, children, last change, name. */
export const toRow = (stat: Stat, name: string): ReadonlyArray<string> => [
  stat.ephemeralOwner === 0n ? "-" : "e",
  `v${stat.version}`,
  String(stat.dataLength),
  String(stat.numChildren),
  time(stat.mtime),
  name
]
