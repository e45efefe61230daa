/** A session over the library, with what the library cannot do refused before anything is sent. */
import * as Effect from "effect/Effect"
import { make as makeError, Unsupported, type ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { Call, Session } from "../session/Session.ts"
import * as operations from "./operations.ts"

/** The error of something that only the native driver does. */
export const unsupported = (operation: string, detail: string): ZooKeeperError =>
  makeError(() => ({ operation, applied: "no", reason: new Unsupported({ detail }) }))

/** What differs between a client of our own and an adopted one. */
export interface Limitation {
  /** Why this request cannot be sent, undefined when it can. */
  readonly refusal: (call: Call<any, any>) => string | undefined
  /** Why the session cannot be restarted, nor led to other hosts; undefined when it can. */
  readonly restart: string | undefined
}

/** The session with its limits. */
export const make = (session: Session, limitation: Limitation): Session => ({
  info: session.info,
  get over() {
    return session.over
  },
  chroot: session.chroot,
  submit: (call) => {
    const detail = limitation.refusal(call)
    if (detail === undefined) return session.submit(call)
    call.fail(new Unsupported({ detail }), "no")
    return false
  },
  abandon: session.abandon,
  watches: session.watches,
  onEvent: session.onEvent,
  onState: session.onState,
  get lease() {
    return session.lease
  },
  deadlinePassed: session.deadlinePassed,
  addAuth: session.addAuth,
  restart: limitation.restart === undefined ? session.restart : Effect.fail(unsupported("restart", limitation.restart)),
  setHosts: (connect) =>
    limitation.restart === undefined
      ? session.setHosts(connect)
      : Effect.fail(unsupported("setHosts", limitation.restart)),
  fourLetterWord: session.fourLetterWord,
  unsupported: operations.whyNot
})
