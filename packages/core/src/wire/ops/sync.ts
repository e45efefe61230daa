/** Catching up with the leader: sync (9). */
import { pathRequest, string } from "../fields.ts"
import type { Operation } from "../Operation.ts"

export interface SyncRequest {
  readonly path: string
}

/**
 * The answer repeats the path. It changes nothing and yet passes through the leader, so it is both repeatable and a
 * proof of contact.
 */
export const sync: Operation<SyncRequest, string> = {
  name: "sync",
  code: 9,
  request: pathRequest,
  response: string,
  repeatable: true,
  confirms: true
}
