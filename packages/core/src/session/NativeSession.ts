/**
 * The native driver: the rules of the machine carried out over connections, with Effect's Clock and Schedules.
 *
 * Everything happens synchronously in the order of its inputs; only what takes time (opening, logging in, pausing) runs
 * in a fiber, one of each at a time, and ends with its connection.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { type ConnectString, formatHost } from "../model/ConnectString.ts"
import * as Ids from "../model/Ids.ts"
import type { SessionState } from "../model/SessionState.ts"
import type { WatchEvent } from "../model/WatchEvent.ts"
import {
  AuthFailed,
  type ConnectFailed,
  ConnectionLost,
  InvalidArgument,
  make as makeError,
  type Reason,
  Timeout,
  type ZooKeeperError
} from "../model/ZooKeeperError.ts"
import type { Connection, TlsOptions } from "../transport/Connection.ts"
import type { Lookup } from "../transport/Lookup.ts"
import type { Transport } from "../transport/Transport.ts"
import * as FourLetterWord from "../wire/FourLetterWord.ts"
import { multi } from "../wire/ops/multi.ts"
import { closeSession } from "../wire/ops/session.ts"
import { sync } from "../wire/ops/sync.ts"
import { setWatches, setWatches2 } from "../wire/ops/watches.ts"
import { Alarm } from "./Alarm.ts"
import { Dialer } from "./Dialer.ts"
import { Elapsed } from "./Elapsed.ts"
import { Link } from "./Link.ts"
import * as login from "./login.ts"
import { type Input, type Output, transition } from "./machine.ts"
import type { Auth } from "./Options.ts"
import type { SaslMechanism } from "./Sasl.ts"
import type { AnyCall, Call, Identity, Session, SessionInfo } from "./Session.ts"
import type { SessionStore } from "./SessionStore.ts"
import * as At from "./State.ts"
import { States } from "./States.ts"
import { tooLarge, Waiting } from "./Waiting.ts"
import { WatchTable } from "./WatchTable.ts"

/** The options of a session after their defaults and checks. */
export interface Settings {
  readonly connect: ConnectString
  readonly rules: At.Settings
  readonly operationTimeout: number
  readonly resume: Identity | undefined
  readonly store: SessionStore | undefined
  readonly auth: ReadonlyArray<Auth>
  readonly sasl: SaslMechanism | undefined
  readonly tls: TlsOptions | undefined
  readonly reconnect: Schedule.Schedule<unknown, ConnectFailed>
  readonly release: "close" | "detach"
  readonly maxInFlight: number
  readonly maxQueued: number
  readonly maxRequest: number
  readonly maxReply: number
  readonly confirm: "sync" | "quorum"
}
