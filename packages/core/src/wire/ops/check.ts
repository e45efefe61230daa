/**
 * Checking a version inside a transaction: check (13). It is no operation of its own: sent alone, a check that succeeds
 * is never answered (3.5 to 3.9).
 */
import type { Codec } from "../Operation.ts"

export interface CheckVersionRequest {
  readonly path: string
  /** −1 for any: the node must exist. */
  readonly version: number
}

export const CHECK = 13

export const checkVersionRequest: Codec<CheckVersionRequest> = {
  encode: (writer, { path, version }) => {
    writer.string(path)
    writer.int(version)
  },
  decode: (reader) => ({ path: reader.string(), version: reader.int() })
}
