/** Other hosts than the ones at the start: which one is gone on with, in every phase. */
import { assert, describe, it } from "@effect/vitest"
import type { Output } from "../../src/session/signals.ts"
import { Machine, response, tags } from "./machine.ts"

const rehost = (machine: Machine, ...hosts: ReadonlyArray<string>): ReadonlyArray<Output> =>
  machine.feed({ _tag: "Hosts", hosts })

const started = (): Machine => {
  const machine = new Machine()
  machine.feed({ _tag: "Start" })
  return machine
}

/** The host in use or tried now. */
const host = ({ state }: Machine): string | undefined => state.settings.hosts[state.host]

describe("a session that serves", () => {
  it("stays where it is when its host is among the new ones", () => {
    const machine = Machine.serving()
    assert.strictEqual(host(machine), "a:1")
    assert.deepStrictEqual(rehost(machine, "x:1", "y:1", "a:1"), [])
    assert.strictEqual(host(machine), "a:1")
    assert.strictEqual(machine.state.phase._tag, "Serving")
    // The next one is the next of the new ones.
    machine.lose()
    assert.strictEqual(host(machine), "x:1")
  })

  it("moves at once, with its ticket, when it is not", () => {
    const machine = Machine.serving()
    const { ticket } = machine.state
    assert.deepStrictEqual(tags(rehost(machine, "x:1", "y:1")), ["Drop", "Suspended", "Open"])
    assert.strictEqual(host(machine), "x:1")
    machine.serve()
    assert.strictEqual(machine.state.ticket?.id, ticket?.id)
    assert.strictEqual(machine.state.epoch, 1)
  })

  it("keeps its lease on the way", () => {
    const machine = Machine.serving()
    const left = machine.leaseLeft
    rehost(machine, "x:1")
    assert.strictEqual(machine.leaseLeft, left)
  })

  it("without a quorum looks for one among the new ones", () => {
    const machine = new Machine({ readOnly: true })
    machine.feed({ _tag: "Start" })
    machine.serve({ readOnly: true })
    assert.deepStrictEqual(tags(rehost(machine, "a:1", "x:1")), ["Seek"])
  })
})

describe("an attempt", () => {
  it("goes on when its host is among the new ones", () => {
    const machine = started()
    assert.deepStrictEqual(rehost(machine, "x:1", "a:1"), [])
    machine.serve()
    assert.strictEqual(host(machine), "a:1")
  })

  it("is given up when it is not, connected or not yet", () => {
    for (const connected of [false, true]) {
      const machine = started()
      if (connected) machine.feed({ _tag: "Opened" })
      assert.deepStrictEqual(tags(rehost(machine, "x:1")), ["Drop", "Open"])
      assert.strictEqual(host(machine), "x:1")
    }
    const machine = started()
    machine.feed({ _tag: "Opened" })
    machine.feed({ _tag: "Answer", response: response() })
    assert.include(tags(rehost(machine, "x:1")), "Open")
  })

  it("is made at once in a pause, which tells of the new hosts only", () => {
    const machine = new Machine({ hosts: ["a:1"] })
    machine.feed({ _tag: "Start" })
    machine.lose("refused")
    assert.strictEqual(machine.state.phase._tag, "Pausing")
    assert.deepStrictEqual(tags(rehost(machine, "x:1", "y:1")), ["Open"])
    machine.lose("no")
    assert.deepInclude(machine.lose("nor here")[1], { _tag: "Pause", causes: ["no", "nor here"] })
  })
})

it("nothing is opened before the start, while closing, or at the end", () => {
  const idle = new Machine()
  assert.deepStrictEqual(rehost(idle, "x:1"), [])
  assert.include(tags(idle.feed({ _tag: "Start" })), "Open")
  const closing = Machine.serving()
  closing.feed({ _tag: "Close", then: "over" })
  assert.deepStrictEqual(rehost(closing, "x:1"), [])
  assert.strictEqual(closing.state.phase._tag, "Closing")
  const over = Machine.serving()
  over.feed({ _tag: "Detach" })
  assert.deepStrictEqual(rehost(over, "x:1"), [])
})
