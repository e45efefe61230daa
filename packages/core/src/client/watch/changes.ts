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
import type { ChildrenChange, DataChange, ExistsChange } from "../Service.ts"
import * as read from "./read.ts"
import { follow, type Subject } from "./state.ts"

const subject = <A>(
  name: string,
  ignores: Subject<Option.Option<A>>["ignores"],
  reading: Subject<Option.Option<A>>["read"],
  statOf: (value: A) => Stat,
  revision: (stat: Stat) => bigint
): Subject<Option.Option<A>> => ({
  name,
  ignores,
  read: reading,
  missing: Option.none(),
  identity: (found) => (Option.isSome(found) ? statOf(found.value).czxid : undefined),
  revision: (found) => (Option.isSome(found) ? revision(statOf(found.value)) : undefined)
})

type Followed<A> = Effect.Effect<Stream.Stream<A, ZooKeeperError>, ZooKeeperError, Scope.Scope>

export const dataScoped = (view: View, path: string): Followed<DataChange> =>
  follow(
    view,
    path,
    subject<Node>(
      "changes.data",
      "NodeChildrenChanged",
      (path, kind) => read.data(view, path, kind),
      ({ stat }) => stat,
      ({ mzxid }) => mzxid
    ),
    (node, change) => ({ path, node, change })
  )

export const childrenScoped = (view: View, path: string): Followed<ChildrenChange> =>
  follow(
    view,
    path,
    subject<GetChildren2Response>(
      "changes.children",
      "NodeDataChanged",
      (path, kind) => read.children(view, path, kind),
      ({ stat }) => stat,
      ({ pzxid }) => pzxid
    ),
    (found, change) => ({ path, children: Option.map(found, ({ children }) => children.toSorted()), change })
  )

/** Whether a node exists does not depend on its versions: `changed` never comes. */
export const existsScoped = (view: View, path: string): Followed<ExistsChange> =>
  follow(
    view,
    path,
    subject<Stat>(
      "changes.exists",
      "NodeChildrenChanged",
      (path, kind) => read.exists(view, path, kind),
      (stat) => stat,
      ({ czxid }) => czxid
    ),
    (stat, change) => ({ path, stat, change: change === "changed" ? "recreated" : change })
  )
