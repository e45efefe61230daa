/**
 * What a request and its answer look like in bytes, as one value for each operation: a session needs nothing else to
 * send it, a server nothing else to answer it.
 */
import type { JuteReader } from "./JuteReader.ts"
import type { JuteWriter } from "./JuteWriter.ts"

/** A record in both directions. */
export interface Codec<A> {
  readonly encode: (writer: JuteWriter, value: A) => void
  readonly decode: (reader: JuteReader) => A
}

/** Nothing at all, the body of many answers. */
export const nothing: Codec<void> = { encode: () => {}, decode: () => {} }

/**
 * One operation of the protocol. `Request` and `Response` are its records, with the names of zookeeper.jute; an answer
 * of one field is that field.
 */
export interface Operation<in out Request, in out Response> {
  /** The operation's name in zookeeper.jute's spirit: `getData`. */
  readonly name: string
  /** Its number on the wire (org.apache.zookeeper.ZooDefs.OpCode). */
  readonly code: number
  readonly request: Codec<Request>
  readonly response: Codec<Response>
  /** Whether sending it twice does no harm: it changes nothing, or nothing more the second time. */
  readonly repeatable: boolean
  /** Whether a good answer proves that the leader processed it: writes and sync, never reads (design: the lease). */
  readonly confirms: boolean
}

/** A read: any server answers it from what it knows. */
export const read = <Request, Response>(
  name: string,
  code: number,
  request: Codec<Request>,
  response: Codec<Response>
): Operation<Request, Response> => ({ name, code, request, response, repeatable: true, confirms: false })

/** A write: it passes through the leader, and is never sent twice. */
export const write = <Request, Response>(
  name: string,
  code: number,
  request: Codec<Request>,
  response: Codec<Response>
): Operation<Request, Response> => ({ name, code, request, response, repeatable: false, confirms: true })
