/** What can be followed as a state: a node's data, its children, its existence. */
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Stat } from "../../model/Stat.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { GetChildren2Response } from "../../wire/ops/children.ts"
import type { GetDataResponse } from "../../wire/ops/data.ts"
import type { View } from "../Attempt.ts"
import type { Node } from "../Data.ts"
import type { ChildrenChange, DataChange, ExistsChange } from "../service/Watches.ts"
import * as reading from "./read.ts"
import { follow, type Subject } from "./state.ts"

const data: Subject<GetDataResponse, Node, DataChange> = {
  name: "changes.data",
  ignores: "NodeChildrenChanged",
  reading: reading.data,
  statOf: ({ stat }) => stat,
  revision: ({ mzxid }) => mzxid,
  element: (path, node, change) => ({ path, node, change })
}

const children: Subject<GetChildren2Response, GetChildren2Response, ChildrenChange> = {
  name: "changes.children",
  ignores: "NodeDataChanged",
  reading: reading.children,
  statOf: ({ stat }) => stat,
  revision: ({ pzxid }) => pzxid,
  element: (path, found, change) => ({
    path,
    children: Option.map(found, ({ children }) => children.toSorted()),
    change
  })
}

/** Whether a node exists does not depend on its versions: `changed` never comes. */
const exists: Subject<Stat, Stat, ExistsChange> = {
  name: "changes.exists",
  ignores: "NodeChildrenChanged",
  reading: reading.exists,
  statOf: (stat) => stat,
  revision: ({ czxid }) => czxid,
  element: (path, stat, change) => ({ path, stat, change: change === "changed" ? "recreated" : change })
}

type Followed<A> = Effect.Effect<Stream.Stream<A, ZooKeeperError>, ZooKeeperError, Scope.Scope>

export const dataScoped = (view: View, path: string): Followed<DataChange> => follow(view, path, data)

export const childrenScoped = (view: View, path: string): Followed<ChildrenChange> => follow(view, path, children)

export const existsScoped = (view: View, path: string): Followed<ExistsChange> => follow(view, path, exists)
