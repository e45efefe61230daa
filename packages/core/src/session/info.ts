/** What an application may know of its session, read afresh each time. */
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import { formatHost, type Host } from "../model/ConnectString.ts"
import type { Elapsed } from "./Elapsed.ts"
import type { Identity, SessionInfo } from "./Session.ts"
import * as At from "./State.ts"
import type { States } from "./States.ts"

/** Where the values come from. */
export interface Source {
  readonly state: () => At.State
  readonly states: States
  readonly elapsed: Elapsed
  readonly hosts: ReadonlyArray<Host>
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

export const make = (source: Source): SessionInfo => ({
  get id() {
    return source.state().ticket?.id ?? 0n
  },
  get password() {
    return identityOf(source.state()).password
  },
  get epoch() {
    return source.state().epoch
  },
  get state() {
    return source.states.current
  },
  get states() {
    return source.states.stream
  },
  get connected() {
    return source.isServing()
  },
  get negotiatedTimeout() {
    return Duration.millis(source.state().timeout)
  },
  get lastZxid() {
    return source.lastZxid()
  },
  hosts: source.hosts.map(formatHost),
  get server() {
    return source.isServing() ? formatHost(source.hosts[source.state().host]!) : undefined
  },
  root: source.chroot === "" ? "/" : source.chroot,
  get deadline() {
    return source.elapsed.toWall(At.deadline(source.state()))
  }
})
