/** The operations on one node: reading, writing, deleting, and its children. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "../model/Path.ts"
import type { Stat } from "../model/Stat.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import { getAllChildrenNumber, getChildren, getChildren2 } from "../wire/ops/children.ts"
import { getData, setData } from "../wire/ops/data.ts"
import { deleteNode } from "../wire/ops/delete.ts"
import { exists as existsOperation } from "../wire/ops/exists.ts"
import { badPath, invalid, perform, type View } from "./Attempt.ts"
import { type Data, type Node, text, toBytes, toNode } from "./Data.ts"
import type { VersionOption } from "./service/Nodes.ts"

const none = Option.none<never>()

export const ANY_VERSION = -1

/** The version as it is sent, or what is wrong with it: −1 would silently mean any. */
export const versionProblem = (version: number | undefined): string | undefined =>
  version === undefined || (Number.isInteger(version) && version >= 0 && version <= 0x7fff_ffff)
    ? undefined
    : `the version ${version} is not a whole number from 0 to 2^31 - 1; leave it out for any`

/** The failure of an operation with a version that is none; undefined when it is one. */
export const badVersion = (
  view: View,
  name: string,
  path: string,
  version: number | undefined
): Effect.Effect<never, ZooKeeperError> | undefined => {
  const problem = versionProblem(version)
  return problem === undefined ? undefined : invalid(view, name, path, problem)
}

export const get = (view: View, path: string): Effect.Effect<Node, ZooKeeperError> =>
  badPath(view, "get", path) ??
  perform({
    view,
    name: "get",
    path,
    operation: getData,
    request: { path: Path.prepend(view.root, path), watch: false },
    success: toNode
  })

export const getOption = (view: View, path: string): Effect.Effect<Option.Option<Node>, ZooKeeperError> =>
  badPath(view, "get", path) ??
  perform({
    view,
    name: "get",
    path,
    operation: getData,
    request: { path: Path.prepend(view.root, path), watch: false },
    success: (response) => Option.some(toNode(response)),
    missing: none
  })

export const getString = (view: View, path: string): Effect.Effect<string, ZooKeeperError> =>
  Effect.map(get(view, path), text)

export const exists = (view: View, path: string): Effect.Effect<Option.Option<Stat>, ZooKeeperError> =>
  badPath(view, "exists", path) ??
  perform({
    view,
    name: "exists",
    path,
    operation: existsOperation,
    request: { path: Path.prepend(view.root, path), watch: false },
    success: Option.some<Stat>,
    missing: none
  })

export const set = (
  view: View,
  path: string,
  data: Data,
  options?: VersionOption
): Effect.Effect<Stat, ZooKeeperError> =>
  badPath(view, "set", path) ??
  badVersion(view, "set", path, options?.version) ??
  perform({
    view,
    name: "set",
    path,
    operation: setData,
    request: { path: Path.prepend(view.root, path), data: toBytes(data), version: options?.version ?? ANY_VERSION },
    success: (stat) => stat
  })

export const deleteOne = (view: View, path: string, version: number | undefined): Effect.Effect<void, ZooKeeperError> =>
  badPath(view, "delete", path) ??
  badVersion(view, "delete", path, version) ??
  perform({
    view,
    name: "delete",
    path,
    operation: deleteNode,
    request: { path: Path.prepend(view.root, path), version: version ?? ANY_VERSION },
    success: () => {}
  })

export const children = (view: View, path: string): Effect.Effect<ReadonlyArray<string>, ZooKeeperError> =>
  badPath(view, "children", path) ??
  perform({
    view,
    name: "children",
    path,
    operation: getChildren,
    request: { path: Path.prepend(view.root, path), watch: false },
    success: (names) => names
  })

export const childrenWithStat = (
  view: View,
  path: string
): Effect.Effect<{ readonly children: ReadonlyArray<string>; readonly stat: Stat }, ZooKeeperError> =>
  badPath(view, "childrenWithStat", path) ??
  perform({
    view,
    name: "childrenWithStat",
    path,
    operation: getChildren2,
    request: { path: Path.prepend(view.root, path), watch: false },
    success: (answer) => answer
  })

export const allChildrenNumber = (view: View, path: string): Effect.Effect<number, ZooKeeperError> =>
  badPath(view, "allChildrenNumber", path) ??
  perform({
    view,
    name: "allChildrenNumber",
    path,
    operation: getAllChildrenNumber,
    request: { path: Path.prepend(view.root, path) },
    success: (count) => count
  })
