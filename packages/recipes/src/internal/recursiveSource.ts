/** The source of a live copy where watches stay (ZooKeeper 3.6): one recursive watch tells of everything below a path. */
import type { WatchElement, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { patientlyAnew } from "./patience.ts"
import type { Source, Touch } from "./Source.ts"

const touchOf = (element: WatchElement): Touch =>
  element._tag === "Resync"
    ? { _tag: "Everything" }
    : { _tag: element.event.type === "NodeDeleted" ? "Gone" : "Node", path: element.event.path }

/** Returns once the watch is registered. Fails with `Unsupported` where there is none, at once or when it is lost. */
export const recursiveSource = (zk: ZooKeeper, path: string): Effect.Effect<Source, ZooKeeperError, Scope.Scope> =>
  Effect.map(zk.watchScoped(path, { recursive: true }), (events) => ({
    touches: Stream.map(events, touchOf),
    node: (path) => patientlyAnew(zk, zk.getOption(path)),
    names: (path) =>
      Effect.catchReason(patientlyAnew(zk, zk.children(path)), "ZooKeeperError", "NoNode", () => Effect.succeed([])),
    tellsListedOnly: false,
    forget: () => Effect.void
  }))
