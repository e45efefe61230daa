/** What can be followed as a state: a node's data, its children, its existence. */
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Stat } from "../../model/Stat.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { GetChildren2Response } from "../../wire/ops/children.ts"
import type { View } from "../Attempt.ts"
import type { Node } from "../Data.ts"
import type { ChildrenChange, DataChange, ExistsChange } from "../service/Watches.ts"
import * as read from "./read.ts"
import { follow, type Subject } from "./state.ts"

const subject = <A, B>(
  name: string,
  ignores: Subject<Option.Option<A>, B>["ignores"],
  reading: Subject<Option.Option<A>, B>["read"],
  statOf: (value: A) => Stat,
  revision: (stat: Stat) => bigint,
  element: Subject<Option.Option<A>, B>["element"]
): Subject<Option.Option<A>, B> => ({
  name,
  ignores,
  read: reading,
  missing: Option.none(),
  identity: (found) => (Option.isSome(found) ? statOf(found.value).czxid : undefined),
  revision: (found) => (Option.isSome(found) ? revision(statOf(found.value)) : undefined),
  element
})

const data = subject<Node, DataChange>(
  "changes.data",
  "NodeChildrenChanged",
  read.data,
  ({ stat }) => stat,
  ({ mzxid }) => mzxid,
  (path, node, change) => ({ path, node, change })
)

const children = subject<GetChildren2Response, ChildrenChange>(
  "changes.children",
  "NodeDataChanged",
  read.children,
  ({ stat }) => stat,
  ({ pzxid }) => pzxid,
  (path, found, change) => ({ path, children: Option.map(found, ({ children }) => children.toSorted()), change })
)

/** Whether a node exists does not depend on its versions: `changed` never comes. */
const exists = subject<Stat, ExistsChange>(
  "changes.exists",
  "NodeChildrenChanged",
  read.exists,
  (stat) => stat,
  ({ czxid }) => czxid,
  (path, stat, change) => ({ path, stat, change: change === "changed" ? "recreated" : change })
)

type Followed<A> = Effect.Effect<Stream.Stream<A, ZooKeeperError>, ZooKeeperError, Scope.Scope>

export const dataScoped = (view: View, path: string): Followed<DataChange> => follow(view, path, data)

export const childrenScoped = (view: View, path: string): Followed<ChildrenChange> => follow(view, path, children)

export const existsScoped = (view: View, path: string): Followed<ExistsChange> => follow(view, path, exists)
