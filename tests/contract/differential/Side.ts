/**
 * One of the two servers of the differential test: runs a sequence of requests from two sessions, and tells what came
 * back with ids, transactions and times as they are for any server.
 */
import type { Transport } from "@effect-zookeeper/core/Transport"
import { watcherEvent } from "@effect-zookeeper/core/wire/event"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { closeSession, ping } from "@effect-zookeeper/core/wire/ops/session"
import type { AnyOperation } from "@effect-zookeeper/core/wire/registry"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { open, type RawClient, requestFrame } from "../../../packages/testing/test/RawClient.ts"
import { bodyOf, operationOf, standsAlone, type Place, Request } from "./requests.ts"

const Client = Schema.Literals([0, 0, 1])
const Turn = Schema.Struct({
  client: Client,
  requests: Schema.Array(Request).check(Schema.isMinLength(1), Schema.isMaxLength(6))
})
/** `resume` cuts the connection and comes back on another one, `renew` closes the session and makes a new one. */
const Reconnect = Schema.Struct({ client: Client, reconnect: Schema.Literals(["resume", "renew"]) })
const Step = Schema.Union([...Array.from({ length: 8 }, () => Turn), Reconnect])
export const Sequence = Schema.Array(Step).check(Schema.isMinLength(1), Schema.isMaxLength(12))
export type Sequence = typeof Sequence.Type

/** What each connection brought during a step, in order. */
export type Outcome = ReadonlyArray<string>

const PING = -2
const EVENT = -1
const TIMEOUT = 60_000
const ZXIDS = new Set(["zxid", "czxid", "mzxid", "pzxid"])

interface Session {
  readonly connection: RawClient
  readonly sessionId: bigint
  readonly passwd: Uint8Array | null
}

const xidOf = (operation: AnyOperation, next: number): number =>
  operation.name === "auth" ? -4 : operation.name.startsWith("setWatches") ? -8 : next

export class Side {
  private readonly transport: Transport
  private readonly port: number
  private readonly names = new Map<bigint, string>()
  private sessions: Array<Session> = []
  private place: Place = { base: "", firstZxid: 0n }
  private xid = 0
  /** Quotas are compared with what has been applied, so each request has to wait for the one before. */
  private oneByOne = false

  constructor(transport: Transport, port: number) {
    this.transport = transport
    this.port = port
  }

  /** Runs a sequence below a node of its own. */
  run(sequence: Sequence, base: string): Effect.Effect<ReadonlyArray<Outcome>> {
    return Effect.gen({ self: this }, function* () {
      this.names.clear()
      this.oneByOne = sequence.some((step) => "requests" in step && step.requests.some(({ op }) => op === "quota"))
      this.sessions = [yield* this.connect(), yield* this.connect()]
      this.place = { base, firstZxid: 0n }
      yield* this.begin(base)
      const outcomes: Array<Outcome> = []
      for (const step of sequence) outcomes.push(yield* this.step(step))
      const closed: Array<string> = []
      for (const session of this.sessions) closed.push(...(yield* this.close(session)))
      return [...outcomes, closed]
    })
  }

  private begin(base: string) {
    return Effect.gen({ self: this }, function* () {
      const create = { op: "create", path: "~", data: null, acl: "world:anyone:31", flags: 0 } as const
      const { connection } = this.sessions[0]!
      const { zxid } = yield* connection.call(operationOf(create), bodyOf(create, { base, firstZxid: 0n }))
      this.place = { base, firstZxid: zxid }
    })
  }

  private step(step: Sequence[number]): Effect.Effect<Outcome> {
    return Effect.gen({ self: this }, function* () {
      const at = step.client
      const other = this.sessions[1 - at]!
      if ("requests" in step) {
        const own = yield* this.turn(this.sessions[at]!, step.requests)
        if (own.at(-1) === "closed") this.sessions[at] = yield* this.connect(this.sessions[at])
        return [...own, "other:", ...(yield* this.drain(other, []))]
      }
      const old = this.sessions[at]!
      const closed = step.reconnect === "renew" ? yield* this.close(old) : []
      this.sessions[at] = yield* this.connect(step.reconnect === "renew" ? undefined : old)
      if (step.reconnect === "resume") old.connection.destroy()
      return [...closed, ...(yield* this.drain(other, [])).toSorted()]
    })
  }

  private connect(resumed?: Session): Effect.Effect<Session> {
    return Effect.gen({ self: this }, function* () {
      const connection = yield* open(this.transport, this.port)
      const { passwd = null, sessionId = 0n } = resumed ?? {}
      const response = yield* connection.handshake({ timeOut: TIMEOUT, sessionId, passwd })
      if (response === undefined) return yield* Effect.die(new Error("no handshake"))
      if (!this.names.has(response.sessionId)) this.names.set(response.sessionId, `session ${this.names.size}`)
      return { connection, sessionId: response.sessionId, passwd: response.passwd }
    })
  }

  private turn(session: Session, requests: ReadonlyArray<Request>): Effect.Effect<Array<string>> {
    return Effect.gen({ self: this }, function* () {
      const outcome: Array<string> = []
      let sent: Array<AnyOperation> = []
      for (const request of requests) {
        if (standsAlone(request)) outcome.push(...(yield* this.drain(session, sent.splice(0))))
        const operation = operationOf(request)
        session.connection.write(requestFrame(operation, bodyOf(request, this.place), xidOf(operation, ++this.xid)))
        sent.push(operation)
        if (standsAlone(request) || this.oneByOne) outcome.push(...(yield* this.drain(session, sent.splice(0))))
        if (outcome.at(-1) === "closed") return outcome
      }
      if (sent.length > 0) outcome.push(...(yield* this.drain(session, sent)))
      return outcome
    })
  }

  /** What comes until a ping is answered, behind which nothing of what happened before can come. */
  private drain({ connection }: Session, sent: Array<AnyOperation>): Effect.Effect<Array<string>> {
    return Effect.gen({ self: this }, function* () {
      const outcome: Array<string> = []
      connection.write(requestFrame(ping, undefined, PING))
      while (true) {
        const frame = yield* connection.take
        if (frame === undefined) return [...outcome, "closed"]
        const xid = frame.readInt32BE(0)
        if (xid === PING) return outcome
        outcome.push(JSON.stringify(this.decode(frame, xid === EVENT ? undefined : sent.shift())))
      }
    })
  }

  private close({ connection }: Session): Effect.Effect<Array<string>> {
    return Effect.gen({ self: this }, function* () {
      const outcome: Array<string> = []
      connection.write(requestFrame(closeSession, undefined, 1))
      for (let frame = yield* connection.take; frame !== undefined; frame = yield* connection.take) {
        outcome.push(JSON.stringify(this.decode(frame, closeSession)))
      }
      // The nodes of a session go in no order, and the answer comes last.
      return [...outcome.slice(0, -1).toSorted(), ...outcome.slice(-1)]
    })
  }

  private decode(frame: Buffer, operation: AnyOperation | undefined): object {
    const reader = new JuteReader().reset(frame)
    const header = { xid: reader.int(), zxid: reader.long(), err: reader.int() }
    // xids differ once a sequence has been shrunk.
    const { xid: _, ...shown } = this.normal(header) as typeof header
    const codec = header.xid === EVENT ? watcherEvent : header.err === 0 ? operation?.response : undefined
    const name = header.xid === EVENT ? "event" : operation?.name
    const answer = codec === undefined ? undefined : this.normal(codec.decode(reader))
    return { name, ...shown, answer, left: reader.remaining }
  }

  private normal(value: unknown, name = ""): unknown {
    if (typeof value === "bigint") {
      // Events have -1, the first nodes 0. What is older than the sequence differs once a difference has been found.
      if (ZXIDS.has(name) && value > 0n)
        return value < this.place.firstZxid ? "before" : `${value - this.place.firstZxid}`
      return this.names.get(value) ?? `${value}`
    }
    if (name === "ctime" || name === "mtime") return value === 0 ? 0 : "then"
    if (typeof value === "string") return value.replaceAll(this.place.base, "~")
    if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1")
    if (Array.isArray(value)) {
      const all = value.map((each) => this.normal(each))
      // Children, ephemerals and identities come in no order.
      return all.every((each) => typeof each === "string" || "authScheme" in (each as object))
        ? all.map((each) => JSON.stringify(each)).toSorted()
        : all
    }
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.normal(each, key)]))
  }
}
