/**
 * A server played from a script, one line for each frame: what a client must say next and what it then hears. What
 * differs is shown line beside line.
 *
 * @since 0.1.0
 */
import { EventType } from "@effect-zookeeper/core/WatchEvent"
import type { Transport } from "@effect-zookeeper/core/Transport"
import { SYNC_CONNECTED, watcherEvent } from "@effect-zookeeper/core/wire/event"
import type { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import type { Operation } from "@effect-zookeeper/core/wire/Operation"
import { type ConnectRequest, type ConnectResponse, connectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import * as Xid from "@effect-zookeeper/core/wire/Xid"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as memory from "./internal/memory.ts"
import { Player } from "./internal/Player.ts"

/**
 * The client said something else than the script.
 *
 * @category errors
 * @since 0.1.0
 */
export class ScriptMismatch extends Data.TaggedError("ScriptMismatch")<{
  /** Of the script, from 1. */
  readonly line: number
  readonly expected: string
  readonly got: string
}> {
  override get message(): string {
    return `line ${this.line} of the script differs\n  - ${this.expected}\n  + ${this.got}`
  }
}

/**
 * One line of a script.
 *
 * @category models
 * @since 0.1.0
 */
export type Line =
  | { readonly _tag: "expect"; readonly name: string; readonly fields: Readonly<Record<string, unknown>> }
  | {
      readonly _tag: "send"
      readonly xid: "last" | "none" | number
      readonly zxid: bigint
      readonly err: number
      readonly body: (writer: JuteWriter) => void
    }
  | { readonly _tag: "halt" }

const nothing = (): void => {}

/**
 * Expects a ConnectRequest; only the given fields are compared.
 *
 * @category lines
 * @since 0.1.0
 */
export const expectConnect = (fields: Partial<ConnectRequest> = {}): Line => ({
  _tag: "expect",
  name: "connect",
  fields
})

/**
 * Expects a request; only the given fields are compared.
 *
 * @category lines
 * @since 0.1.0
 */
export const expect = <Request, Response>(
  operation: Operation<Request, Response>,
  fields: Partial<Request> = {}
): Line => ({ _tag: "expect", name: operation.name, fields: { ...fields } })

/**
 * Sends a ConnectResponse: by default a session of 10 seconds. Timeout 0 says that the session is gone.
 *
 * @category lines
 * @since 0.1.0
 */
export const sendConnected = (fields: Partial<ConnectResponse> = {}): Line => ({
  _tag: "send",
  xid: "none",
  zxid: 0n,
  err: 0,
  body: (writer) =>
    connectResponse.encode(writer, {
      protocolVersion: 0,
      timeOut: 10_000,
      sessionId: 0x1_0000n,
      passwd: new Uint8Array(16),
      readOnly: false,
      ...fields
    })
})

/**
 * Answers the last request that was expected.
 *
 * @category lines
 * @since 0.1.0
 */
export const send = <Request, Response>(
  operation: Operation<Request, Response>,
  response: Response,
  header: { readonly zxid?: bigint; readonly xid?: number } = {}
): Line => ({
  _tag: "send",
  xid: header.xid ?? "last",
  zxid: header.zxid ?? 1n,
  err: 0,
  body: (writer) => operation.response.encode(writer, response)
})

/**
 * Refuses the last request that was expected.
 *
 * @category lines
 * @since 0.1.0
 */
export const sendError = (code: number, zxid = 1n): Line => ({
  _tag: "send",
  xid: "last",
  zxid,
  err: code,
  body: nothing
})

/**
 * Sends a notification.
 *
 * @category lines
 * @since 0.1.0
 */
export const sendEvent = (type: EventType, path: string): Line => ({
  _tag: "send",
  xid: Xid.NOTIFICATION,
  zxid: -1n,
  err: 0,
  body: (writer) => watcherEvent.encode(writer, { type: EventType[type], state: SYNC_CONNECTED, path })
})

/**
 * Closes the connection; the script goes on with the next one.
 *
 * @category lines
 * @since 0.1.0
 */
export const halt: Line = { _tag: "halt" }

/**
 * A script under way.
 *
 * @category models
 * @since 0.1.0
 */
export interface Script {
  /** Leads to the player, whatever host is asked for. */
  readonly transport: Transport
  /** Waits until every line was played; fails as soon as the client says something else. */
  readonly done: Effect.Effect<void, ScriptMismatch>
}

/**
 * Plays a script to whoever connects: to one connection at a time. Lines before the first expectation are played as soon as
 * somebody connects; a script without lines is done at once. Heartbeats that the script does not expect are answered and
 * count as no line.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (...lines: ReadonlyArray<Line>): Effect.Effect<Script> =>
  Effect.sync(() => {
    const done = Deferred.makeUnsafe<void, ScriptMismatch>()
    const player = new Player(lines, (difference) =>
      Deferred.doneUnsafe(done, difference === undefined ? Effect.void : Effect.fail(new ScriptMismatch(difference)))
    )
    if (lines.length === 0) Deferred.doneUnsafe(done, Effect.void)
    return {
      transport: memory.transport(() => (peer) => player.accept(peer)),
      done: Deferred.await(done)
    }
  })
