/** Servers in memory that do what servers do, except for what a test changes. */
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { type ConnectResponse, connectRequest, connectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import { replyHeader, requestHeader } from "@effect-zookeeper/core/wire/header"
import { encode } from "../wire/support.ts"
import type { Script, ServerEnd } from "./MemoryNetwork.ts"

export interface Request {
  readonly xid: number
  /** The operation's code. */
  readonly type: number
  /** At the start of the body. */
  readonly body: JuteReader
}

/** What a request is answered with: an error code, a body, or nothing. */
export type Answer = number | Uint8Array | "nothing"

export interface Behaviour {
  readonly accept?: Script["accept"]
  /** What the handshake is answered with beside the usual; "nothing" for no answer, "close" to hang up. */
  readonly handshake?: (server: ServerEnd) => Partial<ConnectResponse> | "nothing" | "close"
  /** Undefined for the usual. */
  readonly answer?: (request: Request, server: ServerEnd) => Answer | undefined
  /** The answer to a four-letter word; without it the connection is closed. */
  readonly word?: (word: string, server: ServerEnd) => string | undefined
}

export const PING = 11
export const CLOSE = -11
export const AUTH = 100
export const SASL = 102
export const SYNC = 9
export const GET = 4
export const SET = 5
export const EXISTS = 3

const EMPTY = new Uint8Array()

export const reply = (server: ServerEnd, xid: number, answer: Exclude<Answer, "nothing">, zxid = 1n): void => {
  const err = typeof answer === "number" ? answer : 0
  server.sendFrame(
    Buffer.concat([encode(replyHeader, { xid, zxid, err }), typeof answer === "number" ? EMPTY : answer])
  )
}

/** The numbers under which pings and logins are answered. */
const answerTo = ({ type, xid }: Request): number => (type === PING ? -2 : type === AUTH ? -4 : xid)

const usual = ({ body, type }: Request): Answer => {
  switch (type) {
    case SYNC: {
      const path = body.string()
      const bytes = Buffer.alloc(4 + path.length)
      bytes.writeInt32BE(path.length)
      bytes.write(path, 4)
      return bytes
    }
    case EXISTS:
      return -101
    default:
      return EMPTY
  }
}

/** Sessions are numbered from 0x100 on. */
export const server = (behaviour: Behaviour = {}): Script => {
  let nextId = 0x100n
  const shaken = new Set<ServerEnd>()
  const shake = (frame: Buffer, end: ServerEnd) => {
    shaken.add(end)
    const request = connectRequest.decode(new JuteReader().reset(frame))
    const more = behaviour.handshake?.(end) ?? {}
    if (more === "nothing") return
    if (more === "close") return end.close()
    end.sendFrame(
      encode(connectResponse, {
        protocolVersion: 0,
        timeOut: request.timeOut,
        sessionId: request.sessionId === 0n ? nextId++ : request.sessionId,
        passwd: new Uint8Array(16).fill(1),
        readOnly: false,
        ...more
      })
    )
  }
  return {
    accept: behaviour.accept ?? (() => true),
    onFrame: (frame, end) => {
      if (end.word !== undefined) {
        const text = behaviour.word?.(end.word, end)
        if (text !== undefined) end.send(Buffer.from(text))
        return end.close()
      }
      if (!shaken.has(end)) return shake(frame, end)
      const body = new JuteReader().reset(frame)
      const request: Request = { ...requestHeader.decode(body), body }
      const answer = behaviour.answer?.(request, end) ?? usual(request)
      if (answer !== "nothing") reply(end, answerTo(request), answer)
      if (request.type === CLOSE && answer !== "nothing") end.close()
    }
  }
}

/** The requests of a connection, without its handshake. */
export const requestsOf = (end: ServerEnd): ReadonlyArray<Request> =>
  end.frames.slice(1).map((frame) => {
    const body = new JuteReader().reset(frame)
    return { ...requestHeader.decode(body), body }
  })

export const typesOf = (end: ServerEnd): ReadonlyArray<number> => requestsOf(end).map(({ type }) => type)

/** A connection breaks whenever one of these requests comes. */
export const hangUpOn =
  (type: number): NonNullable<Behaviour["answer"]> =>
  (request, end) => {
    if (request.type !== type) return undefined
    end.close()
    return "nothing"
  }
