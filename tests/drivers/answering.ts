/** A scripted server that answers what any session asks by itself, and leaves the rest to the test. */
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { ping } from "@effect-zookeeper/core/wire/ops/session"
import * as Effect from "effect/Effect"
import type { Peer } from "../support/Peer.ts"
import { encode, receiveRequest, reply } from "../support/script.ts"

type Request = Effect.Success<ReturnType<typeof receiveRequest>>

const CHECKED = encode(multi.response, [{ _tag: "check" }])

/** Answers a heartbeat or a confirmation; false for anything else. */
const routine = (peer: Peer, { type, xid }: Request) => {
  switch (type) {
    case exists.code:
      return Effect.as(reply(peer, { xid, err: -101 }), true)
    case multi.code:
      return Effect.as(reply(peer, { xid }, CHECKED), true)
    case ping.code:
      return Effect.as(reply(peer, { xid: -2 }), true)
    default:
      return Effect.succeed(false)
  }
}

/** The next request that is none of the session's own; those are answered meanwhile. */
export const nextRequest = Effect.fnUntraced(function* (peer: Peer) {
  while (true) {
    const request = yield* receiveRequest(peer)
    if (!(yield* routine(peer, request))) return request
  }
})

/** Answers the session's own requests until the connection ends; gives the types of all requests that came. */
export const keepAnswering = Effect.fnUntraced(function* (peer: Peer, seen: Array<number> = []) {
  while (true) {
    const request = yield* receiveRequest(peer)
    seen.push(request.type)
    yield* routine(peer, request)
  }
})
