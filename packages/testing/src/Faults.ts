/**
 * What can go wrong between a client and a server, as a script: one vocabulary for the servers of this package and for a
 * {@link ChaosProxy} in front of a real one.
 *
 * Faults with a number wait for their moment and happen once; the others last until they are cleared, but for `reset`,
 * which happens at once.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"

/**
 * One thing to go wrong. `nth` counts from the moment of injection, over all connections, from 1.
 *
 * A *commit* is a request that changes nodes, a *reply* the answer to a request: events, pings, handshakes and
 * answers to `auth` are none.
 *
 * @category models
 * @since 0.1.0
 */
export type Fault =
  | { readonly _tag: "DropBeforeCommit"; readonly nth: number }
  | { readonly _tag: "DropAfterCommit"; readonly nth: number }
  | { readonly _tag: "CutReply"; readonly nth: number }
  | { readonly _tag: "ReplyXid"; readonly nth: number; readonly xid: number }
  | { readonly _tag: "ReplyCode"; readonly nth: number; readonly code: number }
  | { readonly _tag: "SessionId"; readonly nth: number; readonly sessionId: bigint }
  | { readonly _tag: "ByteByByte" }
  | { readonly _tag: "Delay"; readonly millis: number }
  | { readonly _tag: "Mute" }
  | { readonly _tag: "Refuse" }
  | { readonly _tag: "Reset" }

/**
 * Injects faults.
 *
 * @category models
 * @since 0.1.0
 */
export interface Faults {
  readonly inject: (...faults: ReadonlyArray<Fault>) => Effect.Effect<void>
  /** Ends what lasts and forgets what has not happened yet. What was held back is delivered. */
  readonly clear: Effect.Effect<void>
  /** Faults that have not happened yet, and those that last. */
  readonly pending: Effect.Effect<ReadonlyArray<Fault>>
}

/** A test that asks for what can never happen is wrong itself, so this is a defect. */
const integer = (what: string, value: number, min: number, max: number): number => {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new RangeError(`${what} is ${value}: give a whole number from ${min} to ${max}`)
}

const counted = (nth: number): number => integer("nth, which counts from 1,", nth, 1, Number.MAX_SAFE_INTEGER)

/** As wide as the field of the protocol. */
const int = (what: string, value: number): number => integer(what, value, -0x8000_0000, 0x7fff_ffff)

/**
 * Resets the connection when the n-th commit arrives: the server never sees it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const dropBeforeCommit = (nth = 1): Fault => ({ _tag: "DropBeforeCommit", nth: counted(nth) })

/**
 * Resets the connection instead of answering the n-th commit: the server has done it, the client cannot know.
 *
 * @category constructors
 * @since 0.1.0
 */
export const dropAfterCommit = (nth = 1): Fault => ({ _tag: "DropAfterCommit", nth: counted(nth) })

/**
 * Sends the first half of the n-th reply and closes the connection.
 *
 * @category constructors
 * @since 0.1.0
 */
export const cutReply = (nth = 1): Fault => ({ _tag: "CutReply", nth: counted(nth) })

/**
 * Gives the n-th reply another xid, which a client must take for a violation of the protocol.
 *
 * @category constructors
 * @since 0.1.0
 */
export const replyXid = (xid: number, nth = 1): Fault => ({
  _tag: "ReplyXid",
  nth: counted(nth),
  xid: int("xid", xid)
})

/**
 * Turns the n-th reply into a refusal with any error code, also one that no server sends.
 *
 * @category constructors
 * @since 0.1.0
 */
export const replyCode = (code: number, nth = 1): Fault => ({
  _tag: "ReplyCode",
  nth: counted(nth),
  code: int("code", code)
})

/**
 * Hands out another session id in the n-th handshake.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sessionId = (id: bigint, nth = 1): Fault => ({ _tag: "SessionId", nth: counted(nth), sessionId: id })

/**
 * Delivers every byte by itself: in memory as a chunk of one byte, over TCP as a write of one, several of which a client
 * may still read at once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const byteByByte: Fault = { _tag: "ByteByByte" }

/**
 * Delivers everything to clients later, in order. A second delay takes the place of the first.
 *
 * @category constructors
 * @since 0.1.0
 */
export const delay = (duration: Duration.Input): Fault => ({
  _tag: "Delay",
  millis: Duration.toMillis(Duration.fromInputUnsafe(duration))
})

/**
 * Requests arrive and are done, and nothing comes back.
 *
 * @category constructors
 * @since 0.1.0
 */
export const mute: Fault = { _tag: "Mute" }

/**
 * Turns new connections away.
 *
 * @category constructors
 * @since 0.1.0
 */
export const refuse: Fault = { _tag: "Refuse" }

/**
 * Resets all connections at once, now.
 *
 * @category constructors
 * @since 0.1.0
 */
export const reset: Fault = { _tag: "Reset" }
