/** What may be written to a node, and what a read gives back. */
import type { Stat } from "../model/Stat.ts"
import type { GetDataResponse } from "../wire/ops/data.ts"

/**
 * Data to write: bytes, read at the call, or text, written as UTF-8.
 *
 * @category models
 * @since 0.1.0
 */
export type Data = Uint8Array | string

/**
 * A node's data and what the server knows about it. The bytes are the caller's own.
 *
 * @category models
 * @since 0.1.0
 */
export interface Node {
  readonly data: Uint8Array
  readonly stat: Stat
}

const encoder = new TextEncoder()
/** A mark at the beginning is part of the text: what was written is what is read. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** The bytes of what is to be written. */
export const toBytes = (data: Data): Uint8Array => (typeof data === "string" ? encoder.encode(data) : data)

/**
 * The data of a node as text (UTF-8; bytes that are not become U+FFFD).
 *
 * @category getters
 * @since 0.1.0
 */
export const text = (node: Pick<Node, "data">): string => decoder.decode(node.data)

const hasData = (response: GetDataResponse): response is Node => response.data !== null

const NO_DATA = new Uint8Array(0)

/** A node as callers see it: no data at all and empty data are the same to them. */
export const toNode = (response: GetDataResponse): Node =>
  hasData(response) ? response : { data: NO_DATA, stat: response.stat }
