/** When the session has a connection again, and so may have missed something in between. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Stream from "effect/Stream"

/** Begins after the present connection; ends with the session. */
export const reconnects = (zk: ZooKeeper): Stream.Stream<unknown> =>
  Stream.drop(
    Stream.filter(zk.session.states, ({ _tag }) => _tag === "Connected"),
    1
  )
