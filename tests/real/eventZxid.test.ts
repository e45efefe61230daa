/** What a server tells with an event beside its kind and its path: from 3.9 on the transaction that made it. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { beside, has, onSingle } from "./clients.ts"

it.live("an event has the transaction that made it where the server tells, and so has what is derived from it", () =>
  Effect.gen(function* () {
    const zk = yield* onSingle()
    const other = yield* beside(zk)
    const events = yield* zk.watchScoped("/", { recursive: true })
    const { next } = yield* zk.once.children("/")
    yield* other.create("/a")
    const { czxid } = Option.getOrThrow(yield* other.exists("/a"))
    const { mzxid } = yield* other.set("/a", "1")
    const told = yield* events.pipe(
      Stream.map((element) => (element._tag === "Event" ? element.event : undefined)),
      Stream.take(2),
      Stream.runCollect
    )
    const isTold = yield* has(zk, 9)
    const zxid = (zxid: bigint) => (isTold ? { zxid } : {})
    assert.deepStrictEqual(told, [
      { type: "NodeCreated", path: "/a", ...zxid(czxid) },
      { type: "NodeDataChanged", path: "/a", ...zxid(mzxid) }
    ])
    assert.deepStrictEqual(yield* next, { type: "NodeChildrenChanged", path: "/", ...zxid(czxid) })
  })
)
