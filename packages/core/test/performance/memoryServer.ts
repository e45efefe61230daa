/** A server in memory that answers each batch of requests with one chunk, and counts what passes. */
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import { replyHeader, requestHeader } from "@effect-zookeeper/core/wire/header"
import { SYNC_CONNECTED, watcherEvent } from "@effect-zookeeper/core/wire/event"
import { connectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import { getData, setData } from "@effect-zookeeper/core/wire/ops/data"
import { addWatch } from "@effect-zookeeper/core/wire/ops/watches"
import { Transport } from "@effect-zookeeper/core/Transport"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"

export const stat = {
  czxid: 2n,
  mzxid: 3n,
  ctime: 1,
  mtime: 1,
  version: 1,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  dataLength: 100,
  numChildren: 0,
  pzxid: 2n
}

export const make = () => {
  const counts = { writes: 0, requests: 0, chunks: 0, rests: 0, wakes: 0 }
  /** `batch`: how many answers come in one chunk; real servers send each by itself. The rest is of getData. */
  const answering = { on: true, batch: Infinity, length: 100, mzxid: stat.mzxid, err: 0 }
  let onChunk: (chunk: Buffer) => void = () => {}
  /** Changes of these nodes, told in one chunk. */
  const tell = (paths: ReadonlyArray<string>) => {
    const writer = new JuteWriter()
    for (const path of paths) {
      const at = writer.beginFrame()
      replyHeader.encode(writer, { xid: -1, zxid: -1n, err: 0 })
      watcherEvent.encode(writer, { type: 3, state: SYNC_CONNECTED, path })
      writer.endFrame(at)
    }
    onChunk(Buffer.from(writer.written()))
  }
  const transport: Transport = {
    open: (_, receiver) =>
      Effect.sync(() => {
        const frames = new Frames(1 << 20)
        const reader = new JuteReader()
        const writer = new JuteWriter()
        let shaken = false
        const frame = (write: () => void) => {
          const at = writer.beginFrame()
          write()
          writer.endFrame(at)
        }
        const answer = (bytes: Buffer, start: number, end: number) => {
          if (!shaken) {
            shaken = true
            onChunk = receiver.onChunk
            const passwd = new Uint8Array(16)
            return frame(() =>
              connectResponse.encode(writer, {
                protocolVersion: 0,
                timeOut: 30_000,
                sessionId: 1n,
                passwd,
                readOnly: false
              })
            )
          }
          const { type, xid } = requestHeader.decode(reader.reset(bytes, start, end))
          counts.requests++
          if (!answering.on && type === getData.code) return
          const err = type === getData.code ? answering.err : 0
          frame(() => {
            replyHeader.encode(writer, { xid, zxid: 3n, err })
            if (err !== 0) return
            // Not only a header: the code once more.
            if (type === addWatch.code) writer.int(0)
            if (type === setData.code) setData.response.encode(writer, stat)
            if (type === getData.code)
              getData.response.encode(writer, {
                data: new Uint8Array(answering.length),
                stat: { ...stat, mzxid: answering.mzxid }
              })
          })
        }
        return {
          write: (bytes) => {
            if (bytes.length === 4) {
              // A four-letter word, which this server does not know.
              setImmediate(() => receiver.onClose("unknown"))
              return true
            }
            counts.writes++
            frames.push(bytes, answer)
            if (writer.length === 0) return true
            const answers = Buffer.from(writer.written())
            writer.reset()
            setImmediate(() => {
              for (let at = 0; at < answers.length;) {
                let end = at
                for (let i = 0; i < answering.batch && end < answers.length; i++) end += 4 + answers.readInt32BE(end)
                counts.chunks++
                receiver.onChunk(answers.subarray(at, end))
                at = end
              }
            })
            return true
          },
          rest: () => void counts.rests++,
          wake: () => void counts.wakes++,
          destroy: () => frames.stop()
        }
      })
  }
  const session = Effect.provideService(ZooKeeper.make({ connect: "127.0.0.1:1" }), Transport, transport)
  return { counts, answering, session, tell }
}
