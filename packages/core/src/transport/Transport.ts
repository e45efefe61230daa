/**
 * The seam between the session and the network, as a service that tests replace.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Connection, OpenFailed, Receiver, Target } from "./Connection.ts"
import * as tcp from "./tcp.ts"

/**
 * Opens connections.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transport {
  /** Interrupting it gives up and leaves nothing open. */
  readonly open: (target: Target, receiver: Receiver) => Effect.Effect<Connection, OpenFailed>
}

/**
 * The transport in use. By default TCP, and TLS when the target asks for it, through Node; a test provides another (an
 * in-process server, a fault).
 *
 * @category services
 * @since 0.1.0
 */
export const Transport: Context.Reference<Transport> = Context.Reference<Transport>(
  "@effect-zookeeper/core/Transport",
  { defaultValue: () => tcp }
)
