/** What an application may know of its session, read afresh each time. */
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"
import type { SessionState } from "../model/SessionState.ts"
import type { Elapsed } from "./Elapsed.ts"
import type { Identity, SessionInfo } from "./Session.ts"
import * as At from "./State.ts"
import type { States } from "./States.ts"

/** Where the values come from. */
export interface Source {
  readonly state: () => At.State
  readonly states: States
  readonly elapsed: Elapsed
  readonly chroot: string
  readonly isServing: () => boolean
  readonly lastZxid: () => bigint
}

const NO_PASSWORD = new Uint8Array(16)

/** What resumes the session; the id is 0 while there is none. */
export const identityOf = ({ ticket }: At.State): Identity => ({
  id: ticket?.id ?? 0n,
  password: Redacted.make(ticket?.password ?? NO_PASSWORD)
})

/** A class, because an object literal with getters gets a hidden class of its own, which outlives many collections. */
export class Info implements SessionInfo {
  readonly root: string
  /** Out of sight of whoever prints this: the state has the password. */
  readonly #source: Source

  constructor(source: Source) {
    this.root = source.chroot === "" ? "/" : source.chroot
    this.#source = source
  }

  get hosts(): ReadonlyArray<string> {
    return this.#source.state().settings.hosts
  }

  get id(): bigint {
    return this.#source.state().ticket?.id ?? 0n
  }

  get password(): Identity["password"] {
    return identityOf(this.#source.state()).password
  }

  get epoch(): number {
    return this.#source.state().epoch
  }

  get state(): SessionState {
    return this.#source.states.current
  }

  get states(): Stream.Stream<SessionState> {
    return this.#source.states.stream
  }

  get connected(): boolean {
    return this.#source.isServing()
  }

  get negotiatedTimeout(): Duration.Duration {
    return Duration.millis(this.#source.state().timeout)
  }

  get lastZxid(): bigint {
    return this.#source.lastZxid()
  }

  get server(): string | undefined {
    const { isServing, state } = this.#source
    return isServing() ? this.hosts[state().host] : undefined
  }

  get deadline(): number {
    const { elapsed, state } = this.#source
    return elapsed.toWall(At.deadline(state()))
  }
}
