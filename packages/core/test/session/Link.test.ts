/** One connection's conversation, fed with bytes directly. */
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import { Closed, type Reason } from "@effect-zookeeper/core/ZooKeeperError"
import { replyHeader } from "@effect-zookeeper/core/wire/header"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { closeSession } from "@effect-zookeeper/core/wire/ops/session"
import { connectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Link } from "../../src/session/Link.ts"
import type { AnyCall } from "../../src/session/Session.ts"
import { stat } from "../performance/memoryServer.ts"
import { encode } from "../wire/support.ts"
import { testCall } from "./calls.ts"
import { response } from "./machine.ts"

const frame = (...parts: ReadonlyArray<Uint8Array>): Buffer => {
  const body = Buffer.concat(parts)
  const bytes = Buffer.alloc(4 + body.length)
  bytes.writeInt32BE(body.length)
  bytes.set(body, 4)
  return bytes
}

const open = () => {
  const lost: Array<Reason> = []
  const told: Array<string> = []
  const events: Array<WatchEvent> = []
  /** How much was told when a run of events ended. */
  const runs: Array<number> = []
  const writes: Array<Buffer> = []
  let now = 0
  const link = new Link(
    { maxRequest: 1000, maxReply: 1000, confirm: "sync" },
    {
      onHandshake: () => told.push("handshake"),
      onHeard: (_at, _confirmedAt, _waitingSince, flushed) => told.push(flushed ? "heard, and flushed" : "heard"),
      onFlushed: () => told.push("flushed"),
      onEvent: (event) => {
        events.push(event)
        told.push(`${event.type} ${event.path}`)
      },
      onEventsTold: () => runs.push(told.length),
      onWatchesSet: (code) => told.push(`watches set ${code}`),
      onFatalCode: (code) => told.push(`fatal ${code}`),
      // As the session does: the connection is no good any more.
      onLost: (reason) => {
        lost.push(reason)
        link.destroy(reason)
      }
    },
    () => ++now
  )
  let destroyed = 0
  link.handshake(
    { write: (bytes) => (writes.push(Buffer.from(bytes)), true), destroy: () => destroyed++ },
    { protocolVersion: 0, lastZxidSeen: 0n, timeOut: 10_000, sessionId: 0n, passwd: null, readOnly: false }
  )
  return { link, lost, events, runs, told, writes, destroyed: () => destroyed }
}

const shaken = () => {
  const opened = open()
  opened.link.onChunk(frame(encode(connectResponse, response())))
  assert.deepStrictEqual(opened.told, ["flushed", "handshake"])
  return opened
}

const header = (xid: number, err = 0, zxid = 1n) => encode(replyHeader, { xid, zxid, err })

/** What a getData brings. */
const node = encode(getData.response, { data: null, stat })

/** Answers that look right at first sight. */
const plausible = Schema.Struct({
  xid: Schema.Literals([1, 1, 1, 2, 3, -1, -2, -4, -8, 0, 77]),
  err: Schema.Literals([0, 0, 0, -101, -112, -115, -124, -4711, 5]),
  body: Schema.Uint8Array
})
const message = Schema.Union([plausible, Schema.Uint8Array])

describe("Link", () => {
  it.prop(
    "whatever comes and however it is cut, nothing throws, and every call is told once",
    [Schema.Array(message), Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 })))],
    ([messages, reads]) => {
      const { destroyed, link, lost } = shaken()
      const calls = [0, 1, 2, 3].map((id) => testCall(id))
      for (const call of calls) assert.isTrue(link.send(call))
      let logins = 0
      link.login({ type: 0, scheme: "digest", auth: null }, () => logins++)
      const stream = Buffer.concat(
        messages.map((message) =>
          message instanceof Uint8Array ? Buffer.from(message) : frame(header(message.xid, message.err), message.body)
        )
      )
      for (let at = 0, read = 0; at < stream.length; read++) {
        const length = reads[read % reads.length]!
        link.onChunk(stream.subarray(at, at + length))
        at += length
      }
      assert.isAtMost(lost.length, 1)
      for (const reason of lost) assert.strictEqual(reason._tag, "ProtocolViolation")
      link.destroy(new Closed())
      link.onChunk(frame(header(1)))
      link.onClose("too late")
      for (const { told } of calls) assert.strictEqual(told.length, 1, told.join(", "))
      assert.strictEqual(logins, 1)
      assert.strictEqual(destroyed(), 1)
    },
    { arbitrary: { runs: 1000 } }
  )

  it("tells what was never written from what may have been done", async () => {
    const { link } = shaken()
    const [written, unwritten] = [testCall(0), testCall(1)]
    link.send(written)
    await Promise.resolve()
    link.send(unwritten)
    link.destroy(new Closed())
    assert.deepStrictEqual([written.told, unwritten.told], [["Closed unknown"], ["Closed no"]])
  })

  describe("a request that follows an answer while much is unanswered", () => {
    const busy = async (follow: (link: Link) => void) => {
      const opened = shaken()
      const { link, writes } = opened
      link.send({ ...testCall(0), succeed: () => follow(link) })
      for (let i = 1; i < 20; i++) link.send(testCall(i))
      await Promise.resolve()
      const before = writes.length
      link.onChunk(frame(header(1), node))
      await Promise.resolve()
      return { ...opened, left: () => writes.length - before }
    }

    it("leaves with the next request from elsewhere", async () => {
      const { left, link } = await busy((link) => link.send(testCall(20)))
      assert.strictEqual(left(), 0)
      link.send(testCall(21))
      await Promise.resolve()
      assert.strictEqual(left(), 1)
    })

    it("leaves with the heartbeat", async () => {
      const { left, link } = await busy((link) => link.send(testCall(20)))
      link.ping()
      await Promise.resolve()
      assert.strictEqual(left(), 1)
    })

    it("leaves when the server has little to do", async () => {
      const { left, link } = await busy((link) => link.send(testCall(20)))
      for (const xid of [2, 3, 4, 5]) link.onChunk(frame(header(xid), node))
      assert.strictEqual(left(), 0)
      link.onChunk(frame(header(6), node))
      assert.strictEqual(left(), 1)
    })

    it("was surely not done when the connection breaks", async () => {
      const kept = testCall(20)
      const { link } = await busy((link) => link.send(kept))
      link.destroy(new Closed())
      assert.deepStrictEqual(kept.told, ["Closed no"])
    })

    it("leaves at once when it ends the session or logs in", async () => {
      const close: AnyCall = { ...testCall(20, undefined), operation: closeSession }
      const closing = await busy((link) => link.send(close))
      assert.strictEqual(closing.left(), 1)
      const login = await busy((link) => link.login({ type: 0, scheme: "digest", auth: null }, () => {}))
      assert.strictEqual(login.left(), 1)
    })
  })

  it("a short body fails its call, and breaks the connection of all that follow", async () => {
    const { link, lost } = shaken()
    const calls = [0, 1].map((id) => testCall(id))
    for (const call of calls) link.send(call)
    await Promise.resolve()
    link.onChunk(frame(header(1)))
    assert.strictEqual(lost[0]!._tag, "ProtocolViolation")
    assert.deepStrictEqual(
      calls.map(({ told }) => told),
      [["ProtocolViolation unknown"], ["ConnectionLost unknown"]]
    )
  })

  it("the answer to a call that was given up breaks the connection, and is nobody's fault", async () => {
    const { link } = shaken()
    const calls = [0, 1].map((id) => testCall(id))
    for (const call of calls) link.send(call)
    await Promise.resolve()
    link.inFlight.overdue(Infinity, (call) => call.fail(new Closed(), "unknown"))
    const late = testCall(2)
    link.send(late)
    await Promise.resolve()
    link.onChunk(frame(header(1)))
    link.onChunk(frame(header(77)))
    assert.deepStrictEqual(late.told, ["ConnectionLost unknown"])
  })

  it("hands out events in their order among the answers, and says where each run of them ends", () => {
    const { link, runs, told } = shaken()
    const call = { ...testCall(0), refuse: (code: number) => told.push(`refused ${code}`) }
    link.send(call)
    const event = (path: string) =>
      frame(header(-1), Buffer.from("0000000300000003", "hex"), Buffer.from([0, 0, 0, path.length]), Buffer.from(path))
    link.onChunk(Buffer.concat([event("/a"), event("/b"), frame(header(1, -101)), event("/c")]))
    assert.deepStrictEqual(told.slice(2), [
      "NodeDataChanged /a",
      "NodeDataChanged /b",
      "refused -101",
      "NodeDataChanged /c",
      "heard, and flushed"
    ])
    assert.deepStrictEqual(runs, [4, 6])
  })

  it("keeps the newest transaction, whatever notifications and logins say", () => {
    const { link } = shaken()
    for (const zxid of [5n, 3n, -1n, 0n, 0x1_0000_0002n, 0x0_ffff_ffffn]) link.onChunk(frame(header(-2, 0, zxid)))
    assert.strictEqual(link.lastZxid, 0x1_0000_0002n)
  })

  it("takes no transaction from an event (3.9 tells it): the others of the same transaction may get lost", () => {
    const { link, told } = shaken()
    link.onChunk(frame(header(-2, 0, 5n)))
    link.onChunk(frame(header(-1, 0, 10n), Buffer.from("0000000300000003000000022f61", "hex")))
    assert.include(told, "NodeDataChanged /a")
    assert.strictEqual(link.lastZxid, 5n)
  })

  it("tells the transaction of an event where the server does", () => {
    const { events, link } = shaken()
    const body = Buffer.from("0000000300000003000000022f61", "hex")
    for (const zxid of [-1n, 10n, 0x1_0000_0002n]) link.onChunk(frame(header(-1, 0, zxid), body))
    const event = { type: "NodeDataChanged", path: "/a" } as const
    assert.deepStrictEqual(events, [event, { ...event, zxid: 10n }, { ...event, zxid: 0x1_0000_0002n }])
  })

  it("takes no transaction from rubbish: a resume that claims to have seen it would be refused for ever", () => {
    for (const rubbish of [
      frame(header(77, 0, 0x7777n)),
      frame(header(1, 0, 0x7777n)),
      frame(header(-1, 0, 0x7777n))
    ]) {
      const { link, lost } = shaken()
      link.send(testCall(0))
      link.onChunk(frame(header(-2, 0, 5n)))
      link.onChunk(rubbish)
      assert.strictEqual(lost.length, 1)
      assert.strictEqual(link.lastZxid, 5n)
    }
  })
})
