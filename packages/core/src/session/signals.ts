/** What goes into the machine and what comes out: everything that happens to a session, and all that it can want done. */
import type { SessionState } from "../model/SessionState.ts"
import type { Reason } from "../model/ZooKeeperError.ts"
import type { ConnectResponse } from "../wire/ops/connect.ts"
import type * as At from "./State.ts"

/** What happened. `now` is elapsed time. */
export type Input =
  | { readonly _tag: "Start"; readonly now: number }
  /** The connection to `host` is open. */
  | { readonly _tag: "Opened"; readonly now: number }
  /** The handshake was answered. */
  | { readonly _tag: "Answer"; readonly now: number; readonly response: ConnectResponse }
  /** The ticket is saved and every login was accepted. */
  | { readonly _tag: "Prepared"; readonly now: number }
  | { readonly _tag: "LoginRefused"; readonly now: number; readonly scheme: string; readonly detail: string }
  /** The connection could not be opened, was refused or broke. */
  | { readonly _tag: "Lost"; readonly now: number; readonly cause: string; readonly reason: Reason }
  /** Everything encoded so far was written, at `now`. */
  | { readonly _tag: "Flushed"; readonly now: number }
  /** Something was heard; `confirmedAt` is when the newest request that the leader stood for was written. */
  | {
      readonly _tag: "Heard"
      readonly now: number
      readonly confirmedAt: number
      /** Since when the oldest unanswered request waits. */
      readonly waitingSince: number | undefined
      /** Whether what followed from it was written at the same time. */
      readonly flushed?: boolean
    }
  /** The server says that the session is gone. */
  | { readonly _tag: "Gone"; readonly now: number }
  /** The reconnect Schedule wants another pass, or no more. */
  | { readonly _tag: "GoOn"; readonly now: number }
  | { readonly _tag: "GiveUp"; readonly now: number }
  /** The ensemble has forgotten what we have seen of it; `causes` says so host by host. */
  | { readonly _tag: "Wiped"; readonly now: number; readonly causes: ReadonlyArray<string | undefined> }
  /** A host with a quorum was found while on one without. */
  | { readonly _tag: "Found"; readonly now: number; readonly host: number }
  | { readonly _tag: "Guard"; readonly now: number; readonly change: 1 | -1 }
  /** The hosts are others from now on. */
  | { readonly _tag: "Hosts"; readonly now: number; readonly hosts: ReadonlyArray<string> }
  | { readonly _tag: "Close"; readonly now: number; readonly then: "over" | "renew" }
  | { readonly _tag: "CloseAnswered"; readonly now: number }
  | { readonly _tag: "Detach"; readonly now: number }
  /** The clock; `late` says that this look at it comes much later than wanted. */
  | { readonly _tag: "Tick"; readonly now: number; readonly late: boolean }

/** What is to be done, in order. */
export type Output =
  /** Connect to a host; a connection that is being opened is given up. */
  | { readonly _tag: "Open"; readonly host: number }
  | {
      readonly _tag: "Request"
      readonly timeout: number
      readonly ticket: At.Ticket | undefined
      readonly readOnly: boolean
    }
  /** Save the ticket unless it is saved, and log in. */
  | { readonly _tag: "Prepare" }
  /** Register the watches again, then send what is queued. */
  | { readonly _tag: "Serve"; readonly readOnly: boolean }
  /** Look for a host with a quorum, among those there are now. */
  | { readonly _tag: "Seek" }
  | { readonly _tag: "Ping" }
  /** Ask the leader for a sign that it knows of us. */
  | { readonly _tag: "Confirm" }
  /** Destroy the connection and fail what is in flight. */
  | { readonly _tag: "Drop"; readonly reason: Reason }
  /** Wait as the reconnect Schedule says. */
  | { readonly _tag: "Pause"; readonly causes: ReadonlyArray<string | undefined> }
  | { readonly _tag: "SendClose" }
  /** Fail everything that waits to be sent. */
  | { readonly _tag: "FailQueued"; readonly reason: Reason }
  /** Tell everybody; the deadline of `Suspended` is in elapsed time here. */
  | { readonly _tag: "Publish"; readonly state: SessionState }
