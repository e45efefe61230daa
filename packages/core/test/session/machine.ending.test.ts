/** Closing, restarting and detaching, in every phase. */
import { assert, describe, it } from "@effect/vitest"
import type { Phase } from "../../src/session/State.ts"
import { gone, Machine, response, tags, TIMEOUT } from "./machine.ts"

/** Ways into each phase, with a session and without one. */
const phases: ReadonlyArray<readonly [string, Phase["_tag"], () => Machine]> = [
  ["before the start", "Idle", () => new Machine()],
  [
    "while opening the first session",
    "Opening",
    () => {
      const machine = new Machine()
      machine.feed({ _tag: "Start" })
      return machine
    }
  ],
  [
    "while waiting for the first handshake",
    "Opening",
    () => {
      const machine = new Machine()
      machine.feed({ _tag: "Start" })
      machine.feed({ _tag: "Opened" })
      return machine
    }
  ],
  [
    "in a pause before the first session",
    "Pausing",
    () => {
      const machine = new Machine({ hosts: ["a:1"] })
      machine.feed({ _tag: "Start" })
      machine.lose("refused")
      return machine
    }
  ],
  [
    "while logging in",
    "Preparing",
    () => {
      const machine = new Machine()
      machine.feed({ _tag: "Start" })
      machine.feed({ _tag: "Opened" })
      machine.feed({ _tag: "Answer", response: response() })
      return machine
    }
  ],
  ["while serving", "Serving", () => Machine.serving()],
  [
    "while suspended",
    "Opening",
    () => {
      const machine = Machine.serving()
      machine.lose()
      return machine
    }
  ],
  [
    "in a pause while suspended",
    "Pausing",
    () => {
      const machine = Machine.serving({ hosts: ["a:1"] })
      machine.lose()
      machine.lose("refused")
      return machine
    }
  ],
  [
    "while closing already",
    "Closing",
    () => {
      const machine = Machine.serving()
      machine.feed({ _tag: "Close", then: "over" })
      machine.pass(500)
      return machine
    }
  ],
  [
    "while restarting",
    "Closing",
    () => {
      const machine = Machine.serving()
      machine.feed({ _tag: "Close", then: "renew" })
      machine.pass(500)
      return machine
    }
  ]
]

/** Looks at the clock whenever the rules want it and nothing else happens. */
const runAlone = (machine: Machine, until: number): ReadonlyArray<string> => {
  const seen: Array<string> = []
  while (machine.state.phase._tag !== "Over" && machine.now + machine.wakeIn <= until) {
    const before = machine.now
    assert.isAbove(machine.wakeIn, 0, `a wake-up that does not come to an end in ${machine.state.phase._tag}`)
    seen.push(...tags(machine.pass(machine.wakeIn).tick()))
    assert.isAbove(machine.now, before)
  }
  return seen
}

for (const [where, phase, make] of phases) {
  describe(where, () => {
    it(`is ${phase}`, () => assert.strictEqual(make().state.phase._tag, phase))

    it("close ends within releaseTimeout although no server says a word", () => {
      const machine = make()
      const asked = machine.now
      machine.feed({ _tag: "Close", then: "over" })
      runAlone(machine, asked + 2000)
      assert.deepInclude(machine.state.phase, { _tag: "Over" })
      assert.strictEqual(machine.state.published, "Closed")
    })

    it("close twice ends as well, and no later", () => {
      const machine = make()
      const asked = machine.now
      machine.feed({ _tag: "Close", then: "over" })
      machine.pass(700)
      machine.feed({ _tag: "Close", then: "over" })
      runAlone(machine, asked + 2000)
      assert.strictEqual(machine.state.published, "Closed")
    })

    it("detach ends at once and sends nothing", () => {
      const machine = make()
      const outputs = machine.feed({ _tag: "Detach" })
      assert.deepStrictEqual(tags(outputs), ["Drop", "FailQueued", "Closed"])
      assert.strictEqual(machine.state.phase._tag, "Over")
    })

    it("close after the wish to restart closes, and a wish to restart after close comes too late", () => {
      for (const then of [
        ["over", "renew"],
        ["renew", "over"]
      ] as const) {
        const machine = make()
        const asked = machine.now
        for (const wish of then) machine.feed({ _tag: "Close", then: wish })
        runAlone(machine, asked + 2000)
        assert.strictEqual(machine.state.published, "Closed")
      }
    })
  })
}

describe("the lease of a session that is to be closed", () => {
  for (const then of ["over", "renew"] as const) {
    it(`is over before the server hears of it (${then})`, () => {
      const machine = Machine.serving()
      assert.isAbove(machine.leaseLeft, 0)
      machine.feed({ _tag: "Close", then })
      assert.strictEqual(machine.leaseLeft, -Infinity)
      machine.heard({ confirmedAt: machine.now })
      assert.strictEqual(machine.leaseLeft, -Infinity)
    })

    it(`does not come back with the connection on which it is closed (${then})`, () => {
      const machine = Machine.serving()
      machine.lose()
      machine.feed({ _tag: "Close", then })
      machine.serve()
      assert.strictEqual(machine.state.phase._tag, "Closing")
      assert.strictEqual(machine.leaseLeft, -Infinity)
    })
  }

  it("is that of the next one after a restart", () => {
    const machine = Machine.serving()
    machine.feed({ _tag: "Close", then: "renew" })
    machine.feed({ _tag: "CloseAnswered" })
    assert.strictEqual(machine.leaseLeft, -Infinity)
    machine.serve({ sessionId: 8n })
    assert.strictEqual(machine.leaseLeft, (TIMEOUT * 3) / 4)
  })
})

describe("close", () => {
  it("of a session that serves fails what is queued, asks the server, and ends with its answer", () => {
    const machine = Machine.serving()
    assert.deepStrictEqual(tags(machine.feed({ _tag: "Close", then: "over" })), ["FailQueued", "SendClose"])
    assert.deepStrictEqual(tags(machine.feed({ _tag: "CloseAnswered" })), ["Drop", "FailQueued", "Closed"])
  })

  it("ends when the connection breaks instead of an answer", () => {
    const machine = Machine.serving()
    machine.feed({ _tag: "Close", then: "over" })
    assert.deepStrictEqual(tags(machine.lose()), ["Drop", "FailQueued", "Closed"])
  })

  it("of a suspended session is worth another connection, so that its ephemerals go at once", () => {
    const machine = Machine.serving()
    machine.lose()
    assert.deepStrictEqual(tags(machine.feed({ _tag: "Close", then: "over" })), ["FailQueued"])
    machine.feed({ _tag: "Opened" })
    machine.feed({ _tag: "Answer", response: response() })
    assert.deepStrictEqual(tags(machine.feed({ _tag: "Prepared" })), ["SendClose"])
  })

  it("of a suspended session that is gone ends, and opens no other", () => {
    for (const answer of [gone, response({ sessionId: 9n })]) {
      const machine = Machine.serving()
      machine.lose()
      machine.feed({ _tag: "Close", then: "over" })
      machine.feed({ _tag: "Opened" })
      assert.deepStrictEqual(tags(machine.feed({ _tag: "Answer", response: answer })), ["Drop", "FailQueued", "Closed"])
    }
  })

  it("of a read-only session whose server goes away ends, and opens no other", () => {
    const machine = new Machine({ readOnly: true })
    machine.feed({ _tag: "Start" })
    machine.feed({ _tag: "Opened" })
    machine.feed({ _tag: "Answer", response: response({ readOnly: true }) })
    machine.feed({ _tag: "Close", then: "over" })
    assert.deepStrictEqual(tags(machine.lose()), ["Drop", "FailQueued", "Closed"])
  })
})

describe("restart", () => {
  it("closes the session and opens the next one", () => {
    const machine = Machine.serving()
    assert.deepStrictEqual(tags(machine.feed({ _tag: "Close", then: "renew" })), ["FailQueued", "SendClose"])
    const outputs = machine.feed({ _tag: "CloseAnswered" })
    assert.deepStrictEqual(tags(outputs), ["Drop", "FailQueued", "Expired", "Connecting", "Open"])
    machine.serve({ sessionId: 8n })
    assert.strictEqual(machine.state.epoch, 2)
    assert.isUndefined(machine.state.closing)
  })

  it("opens the next one with onExpired fail as well: it was wanted", () => {
    const machine = Machine.serving({ onExpired: "fail" })
    machine.feed({ _tag: "Close", then: "renew" })
    assert.include(tags(machine.feed({ _tag: "CloseAnswered" })), "Open")
  })

  it("of a suspended session opens a new one when releaseTimeout is over", () => {
    const machine = Machine.serving()
    machine.lose()
    const asked = machine.now
    machine.feed({ _tag: "Close", then: "renew" })
    assert.include(runAlone(machine, asked + 2000), "Expired")
    assert.strictEqual(machine.state.published, "Connecting")
    assert.isUndefined(machine.state.ticket)
  })
})

it("nothing changes what is over", () => {
  const machine = Machine.serving()
  machine.feed({ _tag: "Detach" })
  const before = machine.state
  machine.feed({ _tag: "Start" })
  machine.serve()
  machine.lose()
  machine.feed({ _tag: "Close", then: "renew" })
  machine.feed({ _tag: "Guard", change: 1 })
  machine.pass(1_000_000).tick()
  assert.strictEqual(machine.state, before)
})
