/**
 * `npm run bench:codec`: what encoding and decoding cost by themselves, to find out which change made them slower.
 *
 * Each sample is a batch, for one operation takes less than reading the clock. Compare runs of one machine only.
 */
import * as Acl from "@effect-zookeeper/core/Acl"
import { watcherEvent } from "@effect-zookeeper/core/wire/event"
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import { replyHeader, requestHeader } from "@effect-zookeeper/core/wire/header"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import type { Codec, Operation } from "@effect-zookeeper/core/wire/Operation"
import { getChildren2 } from "@effect-zookeeper/core/wire/ops/children"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { getData, setData } from "@effect-zookeeper/core/wire/ops/data"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { Bench } from "tinybench"
import * as replies from "./servers/replies.ts"
import { paths, sizes } from "./spec.ts"

/** The length before each frame. */
const LENGTH = 4

const bench = new Bench({ time: 500, warmupTime: 200 })
const batches = new Map<string, number>()

const add = (name: string, batch: number, one: () => void): void => {
  batches.set(name, batch)
  bench.add(name, () => {
    for (let i = 0; i < batch; i++) one()
  })
}

const writer = new JuteWriter()

const encoding = <Request, Response>(name: string, { code, request }: Operation<Request, Response>, value: Request) =>
  add(`encode ${name}`, 1000, () => {
    writer.reset()
    const at = writer.beginFrame()
    requestHeader.encode(writer, { xid: 1, type: code })
    request.encode(writer, value)
    writer.endFrame(at)
  })

const reader = new JuteReader()

const decoding = <A>(name: string, batch: number, body: Codec<A>, frame: Buffer) =>
  add(`decode ${name}`, batch, () => {
    reader.reset(frame, LENGTH, frame.length)
    replyHeader.decode(reader)
    body.decode(reader)
  })

const splitting = (name: string, batch: number, chunks: ReadonlyArray<Buffer>) => {
  const frames = new Frames(1 << 20)
  let bytes = 0
  const onFrame = (_: Buffer, start: number, end: number) => void (bytes += end - start)
  add(`frames ${name}`, batch, () => {
    for (const chunk of chunks) frames.push(chunk, onFrame)
  })
}

const data = new Uint8Array(sizes.data).fill(66)
const { acl, flags } = { acl: Acl.openUnsafe, flags: 0 }
encoding("getData", getData, { path: paths.data, watch: false })
encoding("setData of 100 bytes", setData, { path: paths.data, data, version: -1 })
encoding("create of 100 bytes", create, { path: paths.own(0), data, acl, flags })
encoding(
  "multi of 10 setData",
  multi,
  Array.from(
    { length: sizes.multi },
    (_, index) => ({ _tag: "setData", path: paths.multi(index), data, version: -1 }) as const
  )
)

const small = replies.byCode[getData.code]!
decoding("Stat", 1000, exists.response, replies.byCode[exists.code]!)
decoding("getData of 100 bytes", 1000, getData.response, small)
decoding("getData of 100 KB", 10, getData.response, replies.big)
decoding("children of 1,000", 10, getChildren2.response, replies.byCode[getChildren2.code]!)
decoding("multi of 10 setData", 100, multi.response, replies.byCode[multi.code]!)
decoding("watch event", 1000, watcherEvent, replies.event(paths.watch(0)))

const many = Buffer.concat(Array.from({ length: 300 }, () => small))
splitting("300 of 188 bytes in one chunk", 10, [many])
splitting("300 of 188 bytes, the last one cut", 10, [many.subarray(0, -20), many.subarray(-20)])
splitting("one of 100 KB in two chunks", 10, [replies.big.subarray(0, 65_536), replies.big.subarray(65_536)])

await bench.run()
console.log("ns for each operation, its frame and header included: median (least-third quartile)")
for (const { name, result } of bench.tasks) {
  if (result.state !== "completed") throw new Error(`${name}: ${result.state}`)
  const { min, p50, p75 } = result.latency
  const each = (millis: number) => ((millis * 1e6) / batches.get(name)!).toFixed(0)
  console.log(`  ${name.padEnd(44)} ${each(p50).padStart(8)}   (${each(min)}-${each(p75)})`)
}
