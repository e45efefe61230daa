/** A session's rules with a clock of the test's own, and what the tests of them ask for again and again. */
import type { Reason } from "@effect-zookeeper/core/ZooKeeperError"
import { ConnectionLost } from "@effect-zookeeper/core/ZooKeeperError"
import type { ConnectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import { transition } from "../../src/session/machine.ts"
import type { Input, Output } from "../../src/session/signals.ts"
import * as At from "../../src/session/State.ts"

/** An input whose time is filled in. */
export type Event = Input extends infer I ? (I extends { readonly now: number } ? Omit<I, "now"> : never) : never

/** Divisible by all that the rules divide by: 2,000 is a heartbeat, 4,000 the patience, 1,000 a handshake. */
export const TIMEOUT = 12_000

export const settings: At.Settings = {
  timeout: TIMEOUT,
  connectTimeout: 60_000,
  releaseTimeout: 2000,
  hosts: ["a:1", "b:1", "c:1"],
  onExpired: "renew",
  readOnly: false,
  margin: 0.25,
  confirm: "sync"
}

export const response = (more: Partial<ConnectResponse> = {}): ConnectResponse => ({
  protocolVersion: 0,
  timeOut: TIMEOUT,
  sessionId: 7n,
  passwd: new Uint8Array(16).fill(1),
  readOnly: false,
  ...more
})

/** How a server says that a session is gone. */
export const gone = response({ timeOut: 0, sessionId: 0n, passwd: new Uint8Array(16) })

export const ticket: At.Ticket = { id: 7n, password: new Uint8Array(16).fill(1) }

export const cut: Reason = new ConnectionLost({ detail: "cut" })

export class Machine {
  state: At.State
  now = 1000

  constructor(more: Partial<At.Settings> = {}, resumed?: At.Ticket) {
    this.state = At.initial({ ...settings, ...more }, resumed)
  }

  feed(event: Event): ReadonlyArray<Output> {
    const [state, outputs] = transition(this.state, { ...event, now: this.now } as Input)
    this.state = state
    return outputs
  }

  /** Lets time pass without any look at the clock. */
  pass(millis: number): this {
    this.now += millis
    return this
  }

  tick(late = false): ReadonlyArray<Output> {
    return this.feed({ _tag: "Tick", late })
  }

  lose(cause = "cut"): ReadonlyArray<Output> {
    return this.feed({ _tag: "Lost", cause, reason: cut })
  }

  heard(more: { readonly confirmedAt?: number; readonly waitingSince?: number } = {}): ReadonlyArray<Output> {
    return this.feed({
      _tag: "Heard",
      confirmedAt: more.confirmedAt ?? -Infinity,
      waitingSince: more.waitingSince
    })
  }

  /** How long until the rules want to look at the clock. */
  get wakeIn(): number {
    return At.nextWake(this.state, this.now) - this.now
  }

  get leaseLeft(): number {
    return At.deadline(this.state) - this.now
  }

  /** From the attempt at hand to serving; the server answers at once. */
  serve(more: Partial<ConnectResponse> = {}): this {
    this.feed({ _tag: "Opened" })
    this.feed({ _tag: "Answer", response: response(more) })
    this.feed({ _tag: "Prepared" })
    return this
  }

  /** Serves, and the server has said something since. */
  static serving(more: Partial<At.Settings> = {}): Machine {
    const machine = new Machine(more)
    machine.feed({ _tag: "Start" })
    machine.serve()
    machine.heard()
    return machine
  }
}

export const tags = (outputs: ReadonlyArray<Output>): ReadonlyArray<string> =>
  outputs.map((output) => (output._tag === "Publish" ? output.state._tag : output._tag))

/** The host that is tried now, if one is. */
export const opened = (outputs: ReadonlyArray<Output>): number | undefined => {
  const output = outputs.find(({ _tag }) => _tag === "Open")
  return output?._tag === "Open" ? output.host : undefined
}
