/** Where a live copy reads its nodes, and what tells it which of them to look at again. */
import type { Node } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"

/** What a copy has to do: read a node, list its children, take it out, or compare everything after a gap. */
export type Touch =
  | { readonly _tag: "Node" | "Children" | "Gone"; readonly path: string }
  | { readonly _tag: "Everything" }

/** A change after a read is told as a touch; what comes while the copy is at work is told after it. */
export interface Source {
  readonly touches: Stream.Stream<Touch, ZooKeeperError>
  /** A node, none when there is none. */
  readonly node: (path: string) => Effect.Effect<Option.Option<Node>, ZooKeeperError>
  /** The names of its children; of a missing node none. */
  readonly names: (path: string) => Effect.Effect<ReadonlyArray<string>, ZooKeeperError>
  /** Whether children are only told of where they were listed, so that each new node has to be, an empty one too. */
  readonly tellsListedOnly: boolean
  /** The node is not in the copy any more. */
  readonly forget: (path: string) => Effect.Effect<void>
}
