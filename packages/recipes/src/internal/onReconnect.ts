/** When the session has a connection again, and so may have missed something in between. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Does something whenever it is so, from the next connection on; never ends, whatever becomes of the session. */
export const onReconnect = (zk: ZooKeeper, then: () => void): Effect.Effect<never> =>
  zk.session.states.pipe(
    Stream.filter(({ _tag }) => _tag === "Connected"),
    Stream.drop(1),
    Stream.runForEach(() => Effect.sync(then)),
    Effect.andThen(Effect.never)
  )
