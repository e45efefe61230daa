/** What holds for a session whatever happens in whatever order. */
import { assert, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import type { Output } from "../../src/session/signals.ts"
import * as At from "../../src/session/State.ts"
import { cut, type Event, Machine, response, settings, ticket, TIMEOUT } from "./machine.ts"

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const plain = Schema.Literals([
  "Opened",
  "Prepared",
  "LoginRefused",
  "Lost",
  "Flushed",
  "Gone",
  "GoOn",
  "GiveUp",
  "Wiped",
  "Found",
  "Guard",
  "Unguard",
  "Close",
  "Restart",
  "CloseAnswered",
  "Detach",
  "Start"
])

/** What makes for a long life, so that the deep states are reached. */
const friendly = Schema.Literals(["Opened", "Prepared", "Lost", "GoOn", "Guard", "Unguard", "Restart", "CloseAnswered"])

const step = Schema.Union([
  friendly,
  friendly,
  friendly,
  plain,
  Schema.TaggedStruct("Answer", {
    kind: Schema.Literals(["asked", "asked", "asked", "refused", "other", "readOnly"]),
    timeOut: int(3000, 30_000)
  }),
  Schema.TaggedStruct("Answer", { kind: Schema.Literal("asked"), timeOut: int(3000, 30_000) }),
  Schema.TaggedStruct("Heard", { confirmed: Schema.Boolean, age: int(0, 3000), waiting: Schema.Boolean }),
  /** Time passes, and the clock is looked at whenever the rules want it. */
  Schema.TaggedStruct("Pass", { millis: int(0, 3000) }),
  /** Time passes, and nobody looks. */
  Schema.TaggedStruct("Sleep", { millis: int(0, 40_000) })
])
type Step = typeof step.Type

const world = Schema.Struct({
  steps: Schema.Array(step),
  hosts: int(1, 4),
  onExpired: Schema.Literals(["renew", "fail"]),
  readOnly: Schema.Boolean,
  resumed: Schema.Boolean,
  forEver: Schema.Boolean
})

/** Which state may follow which. */
const diagram: Readonly<Record<string, ReadonlyArray<string>>> = {
  nothing: ["Connecting"],
  // Suspended: the handshake was answered and a login was not. Expired: a resumed session, with onExpired fail.
  Connecting: ["Connected", "Suspended", "Expired", "AuthFailed", "Closed"],
  // Connecting: from a read-only server to a new session.
  Connected: ["Suspended", "Connecting", "Expired", "AuthFailed", "Closed"],
  Suspended: ["Connected", "Connecting", "Expired", "AuthFailed", "Closed"],
  Expired: ["Connecting"],
  AuthFailed: [],
  Closed: []
}

/** Feeds a machine and checks after each input what must always hold. */
class Checked {
  readonly machine: Machine
  private published = "nothing"
  private opened = false
  private requested = false
  private accepted = false
  private closeSent = false
  private readonly deadTickets = new Set<bigint>()
  private asked: At.Ticket | undefined
  private requestedAt = 0
  private nextId = 100n
  private confirmedAt = -Infinity
  private smallest = Number.MAX_VALUE
  private wantsEnd = false

  constructor(settings: Partial<At.Settings>, resumed: At.Ticket | undefined) {
    this.machine = new Machine(settings, resumed)
  }

  feed(event: Event): void {
    const { machine } = this
    const before = machine.state
    const outputs = machine.feed(event)
    const { state } = machine
    if (before.phase._tag === "Over") {
      assert.strictEqual(state, before)
      assert.deepStrictEqual(outputs, [])
    }
    if (event._tag === "Answer" && state.phase._tag === "Preparing" && before.phase._tag === "Opening") {
      assert.isTrue(this.requested && event.response.timeOut > 0)
      this.accepted = true
      if (state.epoch > before.epoch) {
        this.smallest = Number.MAX_VALUE
        this.confirmedAt = -Infinity
      }
      this.smallest = Math.min(this.smallest, event.response.timeOut)
      if (!event.response.readOnly) this.confirmedAt = Math.max(this.confirmedAt, this.requestedAt)
    }
    if (event._tag === "Heard") this.confirmedAt = Math.max(this.confirmedAt, event.confirmedAt)
    if (event._tag === "Close" && event.then === "over") this.wantsEnd = true
    if (this.wantsEnd) assert.strictEqual(state.epoch, before.epoch, "a session that is not wanted any more")
    assert.include([before.epoch, before.epoch + 1], state.epoch)
    if (before.ticket !== undefined && state.ticket?.id !== before.ticket.id) this.deadTickets.add(before.ticket.id)
    for (const output of outputs) this.check(output)
    this.checkTimes()
  }

  private check(output: Output): void {
    const { state } = this.machine
    switch (output._tag) {
      case "Open":
        assert.isFalse(this.opened, "a second attempt beside the first")
        this.opened = true
        return
      case "Drop":
        this.opened = false
        this.requested = false
        this.accepted = false
        this.closeSent = false
        return
      case "Request":
        assert.isTrue(this.opened)
        assert.isFalse(this.requested, "a second handshake on a connection")
        this.requested = true
        this.requestedAt = this.machine.now
        this.asked = output.ticket
        if (output.ticket !== undefined)
          assert.isFalse(this.deadTickets.has(output.ticket.id), "a dead session's ticket")
        return
      case "Prepare":
      case "Serve":
        assert.isTrue(this.accepted)
        return
      case "Ping":
      case "Confirm":
        assert.strictEqual(state.phase._tag, "Serving")
        return
      case "SendClose":
        assert.isTrue(this.accepted)
        assert.isFalse(this.closeSent, "closed twice")
        this.closeSent = true
        return
      case "Publish":
        if (this.published !== "Connected" || output.state._tag !== "Connected") {
          assert.include(diagram[this.published]!, output.state._tag, `after ${this.published}`)
        }
        this.published = output.state._tag
    }
  }

  private checkTimes(): void {
    const { now, state } = this.machine
    assert.isAtMost(At.deadline(state), this.confirmedAt + this.smallest * (1 - state.settings.margin))
    const wake = At.nextWake(state, now)
    assert.isFalse(Number.isNaN(wake))
    switch (state.phase._tag) {
      case "Idle":
      case "Over":
        assert.strictEqual(wake, Infinity)
        break
      // Otherwise the reconnect Schedule is what wakes it.
      case "Pausing":
        if (state.closing !== undefined || (state.ticket !== undefined && state.epoch > 0))
          assert.isBelow(wake, Infinity)
        break
      default:
        assert.isBelow(wake, Infinity)
    }
    // An expiry that is not noticed, and a wish to close that is not fulfilled, are what everything waits for.
    if (state.phase._tag !== "Over" && state.phase._tag !== "Idle" && state.closing !== undefined) {
      assert.isAtMost(wake, Math.max(now, state.closing.until))
    }
  }

  /** Looks at the clock as often as the rules want it now: two ends may have come at a time, but no more. */
  tick(late: boolean): void {
    const { machine } = this
    for (let looks = 0; looks === 0 || At.nextWake(machine.state, machine.now) <= machine.now; looks++) {
      assert.isBelow(looks, 3, `wakes again and again in ${machine.state.phase._tag}`)
      this.look(late)
    }
  }

  private look(late: boolean): void {
    const { machine } = this
    const { now } = machine
    const wanted = machine.state.phase._tag === "Serving"
    this.feed({ _tag: "Tick", late })
    // What it wants sent is written in the same turn.
    if (wanted && machine.state.sentAt === now) this.feed({ _tag: "Flushed" })
  }

  run(step: Step): void {
    const { machine } = this
    if (typeof step === "string") return this.feed(this.plain(step))
    switch (step._tag) {
      case "Answer": {
        const id = step.kind === "asked" && this.asked !== undefined ? this.asked.id : this.nextId++
        return this.feed({
          _tag: "Answer",
          response: response({
            sessionId: step.kind === "refused" ? 0n : id,
            timeOut: step.kind === "refused" ? 0 : step.timeOut,
            readOnly: step.kind === "readOnly"
          })
        })
      }
      case "Heard":
        return this.feed({
          _tag: "Heard",
          confirmedAt: step.confirmed ? Math.max(this.requestedAt, machine.now - step.age) : -Infinity,
          waitingSince: step.waiting ? machine.now : undefined
        })
      case "Pass": {
        const end = machine.now + step.millis
        for (let wake = At.nextWake(machine.state, machine.now); wake <= end;) {
          machine.now = Math.max(machine.now, wake)
          this.tick(false)
          wake = At.nextWake(machine.state, machine.now)
        }
        machine.now = end
        return
      }
      case "Sleep": {
        const wanted = At.nextWake(machine.state, machine.now)
        machine.now += step.millis
        if (machine.now >= wanted) this.tick(machine.now - wanted > machine.state.timeout / 12)
      }
    }
  }

  private plain(tag: typeof plain.Type): Event {
    switch (tag) {
      case "Lost":
        return { _tag: "Lost", cause: "cut", reason: cut }
      case "LoginRefused":
        return { _tag: "LoginRefused", scheme: "digest", detail: "no" }
      case "Wiped":
        return { _tag: "Wiped", causes: this.machine.state.causes }
      case "Found":
        return { _tag: "Found", host: this.machine.state.settings.hosts.length - 1 }
      case "Guard":
        return { _tag: "Guard", change: 1 }
      case "Unguard":
        return this.machine.state.guards > 0 ? { _tag: "Guard", change: -1 } : { _tag: "Guard", change: 1 }
      case "Close":
        return { _tag: "Close", then: "over" }
      case "Restart":
        return { _tag: "Close", then: "renew" }
      default:
        return { _tag: tag }
    }
  }
}

it.prop(
  "every sequence of events keeps the rules",
  [world],
  ([{ forEver, hosts, onExpired, readOnly, resumed, steps }]) => {
    const checked = new Checked(
      {
        hosts: settings.hosts.concat("d:1").slice(0, hosts),
        connectTimeout: forEver ? Infinity : 5 * TIMEOUT,
        onExpired,
        readOnly
      },
      resumed ? ticket : undefined
    )
    checked.feed({ _tag: "Start" })
    for (const step of steps) checked.run(step)
  },
  { arbitrary: { runs: 3000, size: 60 } }
)

it.prop(
  "after any life, close ends it within releaseTimeout by the clock alone",
  [world],
  ([{ hosts, onExpired, readOnly, resumed, steps }]) => {
    const checked = new Checked(
      { hosts: settings.hosts.concat("d:1").slice(0, hosts), connectTimeout: Infinity, onExpired, readOnly },
      resumed ? ticket : undefined
    )
    checked.feed({ _tag: "Start" })
    for (const step of steps) checked.run(step)
    checked.feed({ _tag: "Close", then: "over" })
    checked.run({ _tag: "Pass", millis: settings.releaseTimeout })
    assert.strictEqual(checked.machine.state.phase._tag, "Over")
    assert.include(["Closed", "Expired", "AuthFailed"], checked.machine.state.published)
  },
  { arbitrary: { runs: 1000, size: 60 } }
)

it.prop(
  "in a world that answers, every life goes on to serve again unless it is over",
  [world],
  ([{ hosts, readOnly, resumed, steps }]) => {
    const checked = new Checked(
      { hosts: settings.hosts.concat("d:1").slice(0, hosts), connectTimeout: Infinity, readOnly },
      resumed ? ticket : undefined
    )
    checked.feed({ _tag: "Start" })
    for (const step of steps) checked.run(step)
    const { machine } = checked
    for (let round = 0; round < 20 && !["Serving", "Over"].includes(machine.state.phase._tag); round++) {
      checked.run("GoOn")
      checked.run("Opened")
      checked.run({ _tag: "Answer", kind: "asked", timeOut: TIMEOUT })
      checked.run("Prepared")
      checked.run("CloseAnswered")
    }
    assert.include(["Serving", "Over"], machine.state.phase._tag)
  },
  { arbitrary: { runs: 1000, size: 60 } }
)
