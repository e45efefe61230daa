/** The timers of a connection that serves, and the lease. */
import { assert, describe, it } from "@effect/vitest"
import { Machine, tags, TIMEOUT } from "./machine.ts"

const HEARTBEAT = TIMEOUT / 6
const PATIENCE = TIMEOUT / 3
const LEASE = (TIMEOUT * 3) / 4

describe("the heartbeat", () => {
  it("is a ping after timeout/6 without anything sent", () => {
    const machine = Machine.serving()
    assert.strictEqual(machine.wakeIn, HEARTBEAT)
    assert.deepStrictEqual(machine.pass(HEARTBEAT - 1).tick(), [])
    assert.deepStrictEqual(machine.pass(1).tick(), [{ _tag: "Ping" }])
  })

  it("counts from the last write, whatever was heard (museum 4: events must not stop it)", () => {
    const machine = Machine.serving()
    machine.pass(500).feed({ _tag: "Flushed" })
    for (let i = 0; i < 3; i++) {
      machine.pass(500).heard()
      assert.deepStrictEqual(machine.tick(), [])
    }
    machine.pass(500).heard()
    assert.deepStrictEqual(machine.tick(), [{ _tag: "Ping" }])
  })

  it("goes by the timeout that the server granted", () => {
    const machine = new Machine()
    machine.feed({ _tag: "Start" })
    machine.serve({ timeOut: 6000 })
    assert.strictEqual(machine.wakeIn, 1000)
  })
})

describe("silence", () => {
  it("of timeout/3 with a request unanswered drops the connection", () => {
    const machine = Machine.serving()
    machine.pass(100).feed({ _tag: "Flushed" })
    machine.pass(PATIENCE - 1)
    assert.notInclude(tags(machine.tick()), "Drop")
    assert.deepStrictEqual(tags(machine.pass(1).tick()), ["Drop", "Suspended", "Open"])
  })

  it("counts from what was heard last, while a request waits", () => {
    const machine = Machine.serving()
    machine.feed({ _tag: "Flushed" })
    machine.pass(PATIENCE - 1).heard({ waitingSince: machine.now - PATIENCE + 1 })
    machine.feed({ _tag: "Flushed" })
    machine.pass(PATIENCE - 1)
    assert.notInclude(tags(machine.tick()), "Drop")
    assert.include(tags(machine.pass(1).tick()), "Drop")
  })

  it("without a request means nothing", () => {
    const machine = Machine.serving()
    machine.feed({ _tag: "Flushed" })
    machine.pass(10).heard()
    for (let i = 0; i < 4; i++) {
      machine.pass(HEARTBEAT - 1)
      machine.state = { ...machine.state, sentAt: machine.now }
      assert.deepStrictEqual(machine.tick(), [])
    }
  })

  it("is excused once when the look at the clock comes too late, and judged the next time", () => {
    const machine = Machine.serving()
    machine.feed({ _tag: "Flushed" })
    machine.pass(TIMEOUT)
    assert.deepStrictEqual(machine.tick(true), [])
    assert.strictEqual(machine.wakeIn, TIMEOUT / 24)
    assert.include(tags(machine.pass(TIMEOUT / 24).tick(true)), "Drop")
  })

  it("that turns out to have been ours alone is forgiven", () => {
    const machine = Machine.serving()
    machine.feed({ _tag: "Flushed" })
    machine.pass(TIMEOUT).tick(true)
    machine.heard()
    assert.deepStrictEqual(machine.pass(TIMEOUT / 24).tick(), [{ _tag: "Ping" }])
  })

  it("a late look excuses neither the expiry, nor closing, nor connectTimeout", () => {
    const serving = Machine.serving()
    assert.include(tags(serving.pass((TIMEOUT * 4) / 3).tick(true)), "Expired")

    const closing = Machine.serving()
    closing.feed({ _tag: "Close", then: "over" })
    assert.include(tags(closing.pass(2000).tick(true)), "Closed")

    const connecting = new Machine({ connectTimeout: 3000 })
    connecting.feed({ _tag: "Start" })
    assert.include(tags(connecting.pass(3000).tick(true)), "Closed")
  })
})

describe("the lease", () => {
  it("begins with the handshake, counted from when it was asked for", () => {
    const machine = new Machine()
    machine.feed({ _tag: "Start" })
    machine.feed({ _tag: "Opened" })
    const askedAt = machine.now
    machine.pass(1500).feed({
      _tag: "Answer",
      response: { protocolVersion: 0, timeOut: TIMEOUT, sessionId: 7n, passwd: null, readOnly: false }
    })
    assert.strictEqual(machine.leaseLeft, askedAt + LEASE - machine.now)
  })

  it("is prolonged by what the leader stood for, counted from when that was written, and by nothing else", () => {
    const machine = Machine.serving()
    const sentAt = machine.pass(3000).now
    machine.feed({ _tag: "Flushed" })
    machine.pass(2000).heard()
    assert.strictEqual(machine.leaseLeft, LEASE - 5000)
    machine.heard({ confirmedAt: sentAt })
    assert.strictEqual(machine.leaseLeft, LEASE - 2000)
    // An older confirmation takes nothing back.
    machine.heard({ confirmedAt: sentAt - 1000 })
    assert.strictEqual(machine.leaseLeft, LEASE - 2000)
  })

  it("counts with the smallest timeout of the epoch", () => {
    const machine = Machine.serving()
    machine.lose()
    machine.serve({ timeOut: 6000 })
    assert.strictEqual(machine.leaseLeft, 4500)
    machine.heard()
    machine.lose()
    machine.serve({ timeOut: 30_000 })
    assert.strictEqual(machine.leaseLeft, 4500)
    machine.feed({ _tag: "Gone" })
    machine.serve({ timeOut: 30_000, sessionId: 8n })
    assert.strictEqual(machine.leaseLeft, 22_500)
  })

  it("leaves as much unused as margin says", () => {
    assert.strictEqual(Machine.serving({ margin: 0.5 }).leaseLeft, TIMEOUT / 2)
  })

  it("is over with the session", () => {
    const machine = Machine.serving()
    machine.feed({ _tag: "Gone" })
    assert.strictEqual(machine.leaseLeft, -Infinity)
  })

  it("is not begun again by a late answer once it is over, but by what is asked a grace after that", () => {
    const machine = Machine.serving()
    machine.pass(LEASE).heard()
    const before = machine.leaseLeft
    machine.heard({ confirmedAt: machine.now - TIMEOUT / 24 })
    assert.strictEqual(machine.leaseLeft, before)
    // Asked before the leader had time to expire the session.
    machine.pass(500).heard({ confirmedAt: machine.now })
    assert.strictEqual(machine.leaseLeft, before - 500)
    const asked = machine.pass(TIMEOUT / 12).now
    machine.pass(TIMEOUT / 24).heard({ confirmedAt: asked })
    assert.strictEqual(machine.leaseLeft, LEASE - TIMEOUT / 24)
  })

  it("is begun again by a quick answer, when nothing was held and only pings went to and fro", () => {
    const machine = Machine.serving()
    machine.pass(10 * TIMEOUT).heard()
    machine.heard({ confirmedAt: machine.now - 10 })
    assert.strictEqual(machine.leaseLeft, LEASE - 10)
  })

  it("is kept by a resume before it is over; after a later one the leader is asked, once a grace has passed", () => {
    const machine = Machine.serving()
    machine.feed({ _tag: "Guard", change: 1 })
    machine.pass(LEASE - 1).lose()
    machine.serve()
    assert.strictEqual(machine.leaseLeft, LEASE)
    machine.heard()
    machine.pass(LEASE).lose()
    machine.serve()
    assert.strictEqual(machine.leaseLeft, 0)
    machine.pass(TIMEOUT / 12 - 1)
    assert.deepStrictEqual(tags(machine.tick()), [])
    machine.pass(1)
    assert.deepStrictEqual(tags(machine.tick()), ["Confirm"])
    machine.heard({ confirmedAt: machine.now })
    assert.strictEqual(machine.leaseLeft, LEASE)
  })

  it("is what a suspension tells", () => {
    const machine = Machine.serving()
    const deadline = machine.now + LEASE
    assert.deepInclude(machine.pass(1000).lose()[1], {
      _tag: "Publish",
      state: { _tag: "Suspended", deadline }
    })
  })

  it("while something is held the leader is asked at each heartbeat without a confirmation, instead of a ping", () => {
    const machine = Machine.serving()
    machine.feed({ _tag: "Guard", change: 1 })
    machine.pass(HEARTBEAT)
    assert.deepStrictEqual(tags(machine.tick()), ["Confirm"])
    // Reads that are answered meanwhile do not count.
    machine.feed({ _tag: "Flushed" })
    machine.pass(HEARTBEAT).feed({ _tag: "Flushed" })
    machine.heard()
    assert.deepStrictEqual(tags(machine.tick()), ["Confirm"])
    machine.heard({ confirmedAt: machine.now })
    machine.feed({ _tag: "Flushed" })
    machine.pass(HEARTBEAT - 1)
    assert.deepStrictEqual(tags(machine.tick()), [])
    machine.feed({ _tag: "Guard", change: -1 })
    machine.pass(1)
    assert.deepStrictEqual(tags(machine.tick()), ["Ping"])
  })

  it("while something is held the clock is looked at every timeout/12, and at the deadline", () => {
    const machine = Machine.serving()
    machine.feed({ _tag: "Guard", change: 1 })
    assert.isAtMost(machine.wakeIn, TIMEOUT / 12)
    machine.lose()
    machine.pass(LEASE - 10)
    assert.strictEqual(machine.wakeIn <= 10, true)
    machine.state = { ...machine.state, phase: { _tag: "Pausing" } }
    assert.strictEqual(machine.wakeIn, 10)
  })
})

it("what was just decided to be sent is not due again before it is written", () => {
  const machine = Machine.serving()
  machine.pass(HEARTBEAT)
  assert.deepStrictEqual(tags(machine.tick()), ["Ping"])
  assert.isAbove(machine.wakeIn, 0)
  assert.deepStrictEqual(tags(machine.tick()), [])
  machine.feed({ _tag: "Guard", change: 1 })
  machine.pass(HEARTBEAT)
  assert.deepStrictEqual(tags(machine.tick()), ["Confirm"])
  assert.isAbove(machine.wakeIn, 0)
  assert.deepStrictEqual(tags(machine.tick()), [])
})
