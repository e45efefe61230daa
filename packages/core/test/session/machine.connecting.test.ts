/** How a session finds a server: first, again, and for how long. */
import { assert, describe, it } from "@effect/vitest"
import { cut, gone, Machine, opened, response, tags, ticket, TIMEOUT } from "./machine.ts"

const started = (...args: ConstructorParameters<typeof Machine>): Machine => {
  const machine = new Machine(...args)
  machine.feed({ _tag: "Start" })
  return machine
}

describe("the first session", () => {
  it("is asked for from one host, and serves once it is prepared", () => {
    const machine = new Machine()
    assert.deepStrictEqual(tags(machine.feed({ _tag: "Start" })), ["Connecting", "Open"])
    assert.deepStrictEqual(machine.feed({ _tag: "Opened" }), [
      { _tag: "Request", timeout: TIMEOUT, ticket: undefined, readOnly: false }
    ])
    assert.deepStrictEqual(machine.feed({ _tag: "Answer", response: response() }), [{ _tag: "Prepare" }])
    assert.deepStrictEqual(machine.feed({ _tag: "Prepared" }), [
      { _tag: "Serve", readOnly: false },
      { _tag: "Publish", state: { _tag: "Connected", readOnly: false } }
    ])
    assert.strictEqual(machine.state.epoch, 1)
  })

  it("hosts that fail are followed by the next, and by a pause when all have failed, which says why each did", () => {
    const machine = started()
    assert.strictEqual(opened(machine.lose("refused")), 1)
    machine.feed({ _tag: "Opened" })
    assert.strictEqual(opened(machine.lose("hung up")), 2)
    const outputs = machine.lose("unreachable")
    assert.deepStrictEqual(tags(outputs), ["Drop", "Pause"])
    assert.deepInclude(outputs[1], { causes: ["refused", "hung up", "unreachable"] })
    assert.strictEqual(opened(machine.feed({ _tag: "GoOn" })), 0)
  })

  it("a host that does not connect, or does not answer the handshake, has timeout/3", () => {
    for (const connects of [false, true]) {
      const machine = started()
      if (connects) machine.pass(1000).feed({ _tag: "Opened" })
      const left = TIMEOUT / 3 - (connects ? 1000 : 0)
      assert.strictEqual(machine.wakeIn, left)
      assert.deepStrictEqual(machine.pass(left - 1).tick(), [])
      assert.strictEqual(opened(machine.pass(1).tick()), 1)
      assert.strictEqual(machine.state.causes[0], connects ? "no answer to the handshake" : "no connection in time")
    }
  })

  it("a host has a second at the least, however short the session that is asked for or resumed", () => {
    for (const resumed of [undefined, ticket]) {
      const machine = started({ timeout: 10 }, resumed)
      assert.strictEqual(machine.wakeIn, 1000)
      assert.strictEqual(opened(machine.pass(1000).tick()), 1)
    }
  })

  it("fails when connectTimeout is over, with every host that was tried", () => {
    const machine = started({ connectTimeout: 5000 })
    machine.lose("refused")
    machine.pass(4999)
    machine.tick()
    const [drop, ...rest] = machine.pass(1).tick()
    assert.deepStrictEqual(tags([drop!, ...rest]), ["Drop", "FailQueued", "Closed"])
    assert.deepInclude(drop!, { _tag: "Drop" })
    if (drop?._tag !== "Drop" || drop.reason._tag !== "ConnectFailed") throw new Error(`not ${drop?._tag}`)
    assert.deepStrictEqual(
      drop.reason.attempts.map(({ host }) => host),
      ["a:1", "b:1", "c:1"]
    )
    assert.strictEqual(drop.reason.attempts[0]!.cause, "refused")
  })

  it("fails when connectTimeout is over in a pause, too", () => {
    const machine = started({ connectTimeout: 5000, hosts: ["a:1"] })
    machine.lose("refused")
    assert.strictEqual(machine.state.phase._tag, "Pausing")
    assert.strictEqual(machine.wakeIn, 5000)
    machine.pass(5000).tick()
    assert.strictEqual(machine.state.phase._tag, "Over")
  })

  it("fails when connectTimeout is over although servers give sessions, when no login is ever answered", () => {
    const machine = started({ connectTimeout: 30_000 })
    for (let round = 0; round < 100 && machine.state.phase._tag !== "Over"; round++) {
      machine.feed({ _tag: "Opened" })
      machine.feed({ _tag: "Answer", response: response() })
      machine.pass(Math.max(1, machine.wakeIn)).tick()
      machine.feed({ _tag: "GoOn" })
    }
    assert.deepInclude(machine.state.phase, { _tag: "Over" })
    assert.isAtMost(machine.now, 1000 + 30_000)
  })

  it("is tried for ever when connectTimeout is infinite (museum 5: a new session must not give up)", () => {
    const machine = started({ connectTimeout: Infinity })
    for (let pass = 0; pass < 1000; pass++) {
      machine.pass(10_000)
      machine.tick()
      machine.lose("refused")
      machine.feed({ _tag: "GoOn" })
    }
    assert.notStrictEqual(machine.state.phase._tag, "Over")
    assert.strictEqual(machine.state.published, "Connecting")
  })

  it("ends with the attempts when the Schedule wants no more", () => {
    const machine = started({ hosts: ["a:1"] })
    machine.lose("refused")
    assert.deepStrictEqual(tags(machine.feed({ _tag: "GiveUp" })), ["Drop", "FailQueued", "Closed"])
  })

  it("a login that is refused is the end", () => {
    const machine = started()
    machine.feed({ _tag: "Opened" })
    machine.feed({ _tag: "Answer", response: response() })
    const outputs = machine.feed({ _tag: "LoginRefused", scheme: "digest", detail: "no" })
    assert.deepStrictEqual(tags(outputs), ["Drop", "FailQueued", "AuthFailed"])
  })
})

describe("a session that is resumed", () => {
  it("shows its id and password, and is the first epoch", () => {
    const machine = started({}, ticket)
    assert.deepInclude(machine.feed({ _tag: "Opened" })[0], { ticket })
    machine.feed({ _tag: "Answer", response: response() })
    machine.feed({ _tag: "Prepared" })
    assert.strictEqual(machine.state.epoch, 1)
    assert.deepStrictEqual(machine.state.ticket, ticket)
  })

  it("that is gone is replaced by a new one at once, without a word of an expiry that was not this client's", () => {
    const machine = started({}, ticket)
    machine.feed({ _tag: "Opened" })
    assert.deepStrictEqual(tags(machine.feed({ _tag: "Answer", response: gone })), ["Drop", "FailQueued", "Open"])
    assert.deepInclude(machine.feed({ _tag: "Opened" })[0], { ticket: undefined })
  })

  it("that is gone is the end with onExpired fail", () => {
    const machine = started({ onExpired: "fail" }, ticket)
    machine.feed({ _tag: "Opened" })
    assert.deepStrictEqual(tags(machine.feed({ _tag: "Answer", response: gone })), ["Drop", "FailQueued", "Expired"])
  })
})

describe("a connection that is lost", () => {
  it("is followed at once by the next host, which has timeout/12", () => {
    const machine = Machine.serving()
    const outputs = machine.lose()
    assert.deepStrictEqual(tags(outputs), ["Drop", "Suspended", "Open"])
    assert.strictEqual(opened(outputs), 1)
    assert.strictEqual(machine.wakeIn, TIMEOUT / 12)
    assert.strictEqual(opened(machine.pass(TIMEOUT / 12).tick()), 2)
  })

  it("hosts have timeout/3 again once each had its chance", () => {
    const machine = Machine.serving()
    machine.lose()
    for (const _ of [1, 2, 3]) machine.lose("refused")
    assert.strictEqual(machine.state.phase._tag, "Pausing")
    machine.feed({ _tag: "GoOn" })
    assert.strictEqual(machine.wakeIn, TIMEOUT / 3)
  })

  it("is resumed by its ticket, in the same epoch", () => {
    const machine = Machine.serving()
    machine.lose()
    assert.deepInclude(machine.feed({ _tag: "Opened" })[0], { ticket })
    machine.feed({ _tag: "Answer", response: response() })
    assert.deepInclude(tags(machine.feed({ _tag: "Prepared" })), "Connected")
    assert.strictEqual(machine.state.epoch, 1)
  })

  it("one that breaks as soon as it was made counts as a failed host, so that no storm begins (museum 9)", () => {
    const machine = Machine.serving()
    machine.lose()
    let pauses = 0
    for (let i = 0; i < 30; i++) {
      machine.serve()
      machine.lose("closed by the server")
      if (machine.state.phase._tag === "Pausing") {
        pauses++
        machine.feed({ _tag: "GoOn" })
      }
    }
    assert.strictEqual(pauses, 10)
  })

  it("one that has answered since is replaced at once, however often that happens", () => {
    const machine = Machine.serving()
    for (let i = 0; i < 10; i++) {
      assert.isDefined(opened(machine.lose()))
      machine.serve()
      machine.heard()
    }
  })
})

describe("an expiry", () => {
  it("follows when the server says so: renewed at once, in the next epoch", () => {
    const machine = Machine.serving()
    machine.lose()
    machine.feed({ _tag: "Opened" })
    const outputs = machine.feed({ _tag: "Answer", response: gone })
    assert.deepStrictEqual(tags(outputs), ["Drop", "FailQueued", "Expired", "Connecting", "Open"])
    machine.serve({ sessionId: 8n })
    assert.strictEqual(machine.state.epoch, 2)
    assert.strictEqual(machine.state.ticket!.id, 8n)
  })

  it("follows when an answer says so", () => {
    const outputs = Machine.serving().feed({ _tag: "Gone" })
    assert.deepStrictEqual(tags(outputs), ["Drop", "FailQueued", "Expired", "Connecting", "Open"])
  })

  it("follows when a resume is answered with another session (museum 7)", () => {
    const machine = Machine.serving()
    machine.lose()
    machine.feed({ _tag: "Opened" })
    const outputs = machine.feed({ _tag: "Answer", response: response({ sessionId: 99n }) })
    assert.deepStrictEqual(tags(outputs), ["Drop", "FailQueued", "Expired", "Connecting", "Open"])
    assert.isUndefined(machine.state.ticket)
  })

  it("follows without a word from anybody after 4/3 of the timeout without contact (museum 5)", () => {
    const machine = Machine.serving()
    const heardAt = machine.now
    machine.pass(500).lose()
    const seen: Array<string> = []
    while (!seen.includes("Expired")) {
      assert.isAtMost(machine.now - heardAt, (TIMEOUT * 4) / 3)
      const wake = machine.wakeIn
      assert.isAbove(wake, 0)
      seen.push(...tags(machine.pass(Math.min(wake, 300)).tick()))
      seen.push(...tags(machine.feed({ _tag: "GoOn" })))
    }
    assert.strictEqual(machine.now - heardAt, (TIMEOUT * 4) / 3)
    assert.strictEqual(machine.state.published, "Connecting")
  })

  it("is the end with onExpired fail", () => {
    const machine = Machine.serving({ onExpired: "fail" })
    assert.deepStrictEqual(tags(machine.feed({ _tag: "Gone" })), ["Drop", "FailQueued", "Expired"])
    assert.deepStrictEqual(machine.lose(), [])
  })

  it("an ensemble that was wiped is the end, and says so", () => {
    const machine = Machine.serving({ hosts: ["a:1"] })
    machine.lose()
    machine.lose("closed")
    const [drop] = machine.feed({ _tag: "Wiped", causes: ["it was wiped"] })
    if (drop?._tag !== "Drop" || drop.reason._tag !== "ConnectFailed") throw new Error(`not ${drop?._tag}`)
    assert.deepStrictEqual(drop.reason.attempts, [{ host: "a:1", cause: "it was wiped" }])
  })
})

describe("read-only servers", () => {
  it("are refused unless they were asked for", () => {
    const machine = started()
    machine.feed({ _tag: "Opened" })
    assert.strictEqual(opened(machine.feed({ _tag: "Answer", response: response({ readOnly: true }) })), 1)
    assert.strictEqual(machine.state.causes[0], "it is read-only")
  })

  it("serve without a lease, and a better one is gone to in a new session", () => {
    const machine = started({ readOnly: true })
    machine.serve({ readOnly: true })
    machine.heard({ confirmedAt: machine.now })
    assert.strictEqual(machine.leaseLeft, -Infinity)
    machine.feed({ _tag: "Guard", change: 1 })
    machine.pass(TIMEOUT / 6)
    assert.deepStrictEqual(tags(machine.tick()), ["Ping"])
    const outputs = machine.feed({ _tag: "Found", host: 2 })
    assert.deepStrictEqual(tags(outputs), ["Drop", "Connecting", "Open"])
    assert.strictEqual(opened(outputs), 2)
    assert.deepInclude(machine.feed({ _tag: "Opened" })[0], { ticket: undefined })
    machine.feed({ _tag: "Answer", response: response({ sessionId: 8n }) })
    machine.feed({ _tag: "Prepared" })
    assert.strictEqual(machine.state.epoch, 2)
  })

  it("nothing is gone to while on a server with a quorum", () => {
    assert.deepStrictEqual(Machine.serving({ readOnly: true }).feed({ _tag: "Found", host: 2 }), [])
  })
})

describe("what comes too late", () => {
  it("changes nothing", () => {
    const machine = Machine.serving()
    const before = machine.state
    for (const event of [
      { _tag: "Start" },
      { _tag: "Opened" },
      { _tag: "Answer", response: response({ sessionId: 9n }) },
      { _tag: "Prepared" },
      { _tag: "GoOn" },
      { _tag: "GiveUp" },
      { _tag: "Wiped", causes: [] },
      { _tag: "CloseAnswered" }
    ] as const) {
      assert.deepStrictEqual(machine.feed(event), [], event._tag)
      assert.deepStrictEqual(machine.state, before, event._tag)
    }
  })

  it("an answer that comes before anything was asked is no answer", () => {
    const machine = started()
    assert.deepStrictEqual(machine.feed({ _tag: "Answer", response: response() }), [])
    assert.deepStrictEqual(machine.feed({ _tag: "Lost", cause: "x", reason: cut }).length > 0, true)
  })
})
