/**
 * Where a session's connections come from: what it needs of a conversation with one host, whoever speaks the protocol.
 *
 * The native driver's lines are Links over our own bytes; NodeZookeeperClient brings lines over another library.
 */
import type * as Effect from "effect/Effect"
import type { Host } from "../model/ConnectString.ts"
import type { Connection, OpenFailed } from "../transport/Connection.ts"
import type { Operation } from "../wire/Operation.ts"
import type { SetWatches } from "../wire/ops/watches.ts"
import type { InFlight } from "./InFlight.ts"
import type { Link, LinkEvents } from "./Link.ts"

/** A conversation with one server, as {@link Link} has it. */
export type Line = Pick<Link, "lastZxid" | "handshake" | "send" | "sendEncoded" | "ping" | "login" | "destroy"> & {
  /** What was sent and not answered; only the line itself adds to it. */
  readonly inFlight: Pick<InFlight, "size" | "overdue" | "nextSweep">
  /** Whether it is still registering watches again, where no `onWatchesSet` will tell. */
  readonly isReplaying?: boolean
  /** Registers watches again; true when the answer will be told by `onWatchesSet`. */
  readonly setWatches: <Request extends SetWatches>(operation: Operation<Request, any>, request: Request) => boolean
}

/** A line and how it is opened: it is there before its connection is, and is destroyed also when that never comes. */
export interface Dialed {
  readonly line: Line
  readonly opened: Effect.Effect<Connection, OpenFailed>
}

/** Begins a conversation with a host. */
export type Dial = (host: Host, events: LinkEvents, now: () => number) => Dialed
