/** The fixed answers of the canned server, encoded once by the client's own codec. */
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import type { Codec } from "@effect-zookeeper/core/wire/Operation"
import { watcherEvent } from "@effect-zookeeper/core/wire/event"
import { replyHeader } from "@effect-zookeeper/core/wire/header"
import { getChildren, getChildren2 } from "@effect-zookeeper/core/wire/ops/children"
import { connectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { getData, setData } from "@effect-zookeeper/core/wire/ops/data"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { addWatch } from "@effect-zookeeper/core/wire/ops/watches"
import { childName, paths, sizes } from "../spec.ts"

const stat = {
  czxid: 0x1_0000_0002n,
  mzxid: 0x1_0000_0003n,
  ctime: 1_700_000_000_000,
  mtime: 1_700_000_000_001,
  version: 1,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  dataLength: sizes.data,
  numChildren: 0,
  pzxid: 0x1_0000_0002n
}

const frame = (write: (writer: JuteWriter) => void): Buffer => {
  const writer = new JuteWriter()
  const at = writer.beginFrame()
  write(writer)
  writer.endFrame(at)
  return Buffer.from(writer.written())
}

/** The xid stands at offset 4 and is overwritten for each answer. */
const answer = <A>(body: Codec<A>, value: A): Buffer =>
  frame((writer) => {
    replyHeader.encode(writer, { xid: 0, zxid: stat.pzxid, err: 0 })
    body.encode(writer, value)
  })

export const handshake = frame((writer) =>
  connectResponse.encode(writer, {
    protocolVersion: 0,
    timeOut: 30_000,
    sessionId: 0x1000_0000_0000_0001n,
    passwd: new Uint8Array(16).fill(7),
    readOnly: false
  })
)

/** Just a header: delete, ping, closeSession and whatever is not known here. */
export const done = frame((writer) => replyHeader.encode(writer, { xid: 0, zxid: stat.pzxid, err: 0 }))

export const big = answer(getData.response, {
  data: new Uint8Array(sizes.big).fill(65),
  stat: { ...stat, dataLength: sizes.big }
})

const names = Array.from({ length: sizes.children }, (_, index) => childName(index))

/** By the operation's code. */
export const byCode: ReadonlyArray<Buffer | undefined> = (() => {
  const replies: Array<Buffer | undefined> = Array.from({ length: 256 })
  replies[getData.code] = answer(getData.response, { data: new Uint8Array(sizes.data).fill(65), stat })
  replies[setData.code] = answer(setData.response, stat)
  replies[exists.code] = answer(exists.response, stat)
  replies[create.code] = answer(create.response, paths.own(0))
  replies[getChildren.code] = answer(getChildren.response, names)
  replies[getChildren2.code] = answer(getChildren2.response, { children: names, stat })
  replies[addWatch.code] = answer(addWatch.response, 0)
  replies[multi.code] = answer(
    multi.response,
    Array.from({ length: sizes.multi }, () => ({ _tag: "setData", stat }) as const)
  )
  return replies
})()

export const event = (path: string): Buffer =>
  frame((writer) => {
    replyHeader.encode(writer, { xid: -1, zxid: -1n, err: 0 })
    watcherEvent.encode(writer, { type: 3, state: 3, path })
  })
