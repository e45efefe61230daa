/** When the session has a connection again, and so may have missed something in between. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

const reconnects = (zk: ZooKeeper): Stream.Stream<unknown> =>
  zk.session.states.pipe(
    // The present state, which is another one while there is no connection.
    Stream.drop(1),
    Stream.filter(({ _tag }) => _tag === "Connected")
  )

/** Does something whenever it is so, from the next connection on; never ends, whatever becomes of the session. */
export const onReconnect = (zk: ZooKeeper, then: () => void): Effect.Effect<never> =>
  Effect.andThen(
    Stream.runForEach(reconnects(zk), () => Effect.sync(then)),
    Effect.never
  )

/** Completes with the next connection, or with the end of the session. */
export const reconnected = (zk: ZooKeeper): Effect.Effect<void> => Effect.asVoid(Stream.runHead(reconnects(zk)))
