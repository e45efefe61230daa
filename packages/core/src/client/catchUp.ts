/** Seeing everything that the leader had done so far: a sync, or with a driver that has none a transaction of nothing. */
import * as Effect from "effect/Effect"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import { multi } from "../wire/ops/multi.ts"
import { sync } from "./admin.ts"
import { perform, type View } from "./Attempt.ts"

/** A check passes through the leader as every write does, whatever it finds; its answer comes after all before it. */
export const checkRoot = (view: View): Effect.Effect<void, ZooKeeperError> =>
  perform({
    view,
    name: "sync",
    path: "/",
    operation: multi,
    request: [{ _tag: "check", path: view.session.chroot || "/", version: -1 }],
    success: () => {}
  })

export const catchUp = (view: View, path: string): Effect.Effect<void, ZooKeeperError> =>
  view.session.unsupported("sync") === undefined ? sync(view, path) : checkRoot(view)
