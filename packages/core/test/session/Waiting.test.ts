/** The queue of operations that wait for a connection. */
import { framesOf } from "../wire/support.ts"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { setData } from "@effect-zookeeper/core/wire/ops/data"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { Closed, ConnectionLost } from "@effect-zookeeper/core/ZooKeeperError"
import { assert, describe, it } from "@effect/vitest"
import { Waiting } from "../../src/session/Waiting.ts"
import { type TestCall, testCall } from "./calls.ts"

const idsOf = (waiting: Waiting, room: number): Array<number> => {
  const ids: Array<number> = []
  waiting.drain(
    () => ids.length < room,
    (call) => ids.push((call as TestCall).id)
  )
  return ids
}

describe("Waiting", () => {
  it("hands calls over in order, as far as there is room", () => {
    const waiting = new Waiting(10, 1000)
    for (let id = 0; id < 5; id++) waiting.add(testCall(id), 0)
    assert.deepStrictEqual(idsOf(waiting, 2), [0, 1])
    assert.strictEqual(waiting.size, 3)
    assert.deepStrictEqual(idsOf(waiting, 10), [2, 3, 4])
  })

  it("refuses the call that is one too many, and keeps the others", () => {
    const waiting = new Waiting(2, 1000)
    const calls = [0, 1, 2].map((id) => testCall(id))
    for (const call of calls) waiting.add(call, 0)
    assert.deepStrictEqual(
      calls.map(({ told }) => told),
      [[], [], ["Overloaded no"]]
    )
  })

  it("encodes at the call, so that bytes changed later are not sent", () => {
    const waiting = new Waiting(10, 1000)
    const data = new Uint8Array([1, 2, 3])
    waiting.add({ ...testCall(0), operation: setData, request: { path: "/a", data, version: 7 } }, 0)
    data.fill(9)
    const frames: Array<Uint8Array> = []
    waiting.drain(
      () => true,
      (_, frame) => frames.push(frame)
    )
    const [body] = framesOf(Buffer.from(frames[0]!))
    assert.deepStrictEqual(setData.request.decode(new JuteReader().reset(body!, 8)).data, new Uint8Array([1, 2, 3]))
  })

  it("a request that is too large or cannot be encoded leaves nothing behind for the next one", () => {
    const waiting = new Waiting(10, 1024)
    const large = testCall(0, { path: `/${"x".repeat(2000)}`, watch: false })
    waiting.add(large, 0)
    assert.deepStrictEqual(large.told, ["InvalidArgument no"])
    const broken = { path: "/a", data: null, acl: [undefined], flags: 0 }
    assert.throws(() => waiting.add({ ...testCall(1), operation: create, request: broken }, 0))
    waiting.add({ ...testCall(1), operation: setData, request: { path: "/a", data: 7, version: 7 } }, 0)
    waiting.add(testCall(2), 0)
    const frames: Array<Uint8Array> = []
    waiting.drain(
      () => true,
      (_, frame) => frames.push(frame)
    )
    assert.strictEqual(frames.length, 1)
    const bodies = framesOf(Buffer.from(frames[0]!))
    assert.strictEqual(bodies.length, 1)
    assert.strictEqual(new JuteReader().reset(bodies[0]!, 8).string(), "/2")
  })

  it("a removed call is neither sent nor failed", () => {
    const waiting = new Waiting(10, 1000)
    const calls = [0, 1, 2].map((id) => testCall(id))
    for (const call of calls) waiting.add(call, 0)
    assert.isTrue(waiting.remove(calls[1]!))
    assert.isFalse(waiting.remove(calls[1]!))
    assert.deepStrictEqual(idsOf(waiting, 1), [0])
    waiting.fail(new Closed())
    assert.deepStrictEqual(
      calls.map(({ told }) => told),
      [[], [], ["Closed no"]]
    )
  })

  it("fails those that wait too long, and tells since when the oldest waits", () => {
    const waiting = new Waiting(10, 1000)
    const calls = [0, 1, 2].map((id) => testCall(id))
    for (const call of calls) waiting.add(call, call.id * 10)
    assert.strictEqual(waiting.oldest(), 0)
    waiting.fail(new ConnectionLost({ detail: "test" }), 10)
    assert.deepStrictEqual(
      calls.map(({ told }) => told.length),
      [1, 1, 0]
    )
    assert.strictEqual(waiting.oldest(), 20)
    assert.deepStrictEqual(idsOf(waiting, 10), [2])
    assert.isUndefined(waiting.oldest())
  })

  it("a caller that asks again as soon as it failed, waits for the next turn", () => {
    const waiting = new Waiting(10, 1000)
    let failures = 0
    const stubborn: TestCall = {
      ...testCall(0),
      fail: () => {
        if (++failures < 100) waiting.add(stubborn, 0)
      }
    }
    waiting.add(stubborn, 0)
    waiting.fail(new Closed())
    assert.strictEqual(failures, 1)
    assert.strictEqual(waiting.size, 1)
  })

  it("a call that is removed while others fail, is not failed", () => {
    const waiting = new Waiting(10, 1000)
    const second = testCall(1)
    const first: TestCall = { ...testCall(0), fail: () => void waiting.remove(second) }
    waiting.add(first, 0)
    waiting.add(second, 0)
    waiting.fail(new Closed())
    assert.deepStrictEqual(second.told, [])
  })
})
