/** The operations on one node: reading, writing, deleting, and its children. */
import * as Effect from "effect/Effect"
import { constVoid, identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Path from "../model/Path.ts"
import type { Stat } from "../model/Stat.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import { getAllChildrenNumber, getChildren, getChildren2 } from "../wire/ops/children.ts"
import { getData, type GetDataResponse, setData } from "../wire/ops/data.ts"
import { deleteNode } from "../wire/ops/delete.ts"
import { exists as existsOperation } from "../wire/ops/exists.ts"
import type { Operation } from "../wire/Operation.ts"
import { badPath, invalid, perform, type View } from "./Attempt.ts"
import { type Data, type Node, text, toBytes, toNode } from "./Data.ts"
import type { VersionOption } from "./service/Nodes.ts"

const none = Option.none<never>()

export const ANY_VERSION = -1

/**
 * What is wrong with a version: −1 would silently mean any. After 2^31 − 1 changes versions go on with −2^31 (CURATOR-688), so
 * that what was read is a version to be written to.
 */
export const versionProblem = (version: number | undefined): string | undefined =>
  version === undefined || ((version | 0) === version && version !== ANY_VERSION)
    ? undefined
    : `the version ${version} is no whole number of 32 bits other than -1; leave it out for any`

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

/** Reads what one node has, and leaves no watch. */
const read = <Response, A>(
  view: View,
  name: string,
  path: string,
  operation: Operation<{ readonly path: string; readonly watch: boolean }, Response>,
  success: (response: Response) => A,
  missing?: A
): Effect.Effect<A, ZooKeeperError> =>
  badPath(view, name, path) ??
  perform({
    view,
    name,
    path,
    operation,
    request: { path: Path.prepend(view.root, path), watch: false },
    success,
    missing
  })

export const get = (view: View, path: string): Effect.Effect<Node, ZooKeeperError> =>
  read(view, "get", path, getData, toNode)

const someNode = (response: GetDataResponse): Option.Option<Node> => Option.some(toNode(response))

export const getOption = (view: View, path: string): Effect.Effect<Option.Option<Node>, ZooKeeperError> =>
  read(view, "get", path, getData, someNode, none)

export const getString = (view: View, path: string): Effect.Effect<string, ZooKeeperError> =>
  Effect.map(get(view, path), text)

export const exists = (view: View, path: string): Effect.Effect<Option.Option<Stat>, ZooKeeperError> =>
  read(view, "exists", path, existsOperation, Option.some, none)

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
    success: identity<Stat>
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
    success: constVoid
  })

export const children = (view: View, path: string): Effect.Effect<ReadonlyArray<string>, ZooKeeperError> =>
  read(view, "children", path, getChildren, identity)

export const childrenWithStat = (
  view: View,
  path: string
): Effect.Effect<{ readonly children: ReadonlyArray<string>; readonly stat: Stat }, ZooKeeperError> =>
  read(view, "childrenWithStat", path, getChildren2, identity)

export const allChildrenNumber = (view: View, path: string): Effect.Effect<number, ZooKeeperError> =>
  badPath(view, "allChildrenNumber", path) ??
  perform({
    view,
    name: "allChildrenNumber",
    path,
    operation: getAllChildrenNumber,
    request: { path: Path.prepend(view.root, path) },
    success: identity<number>
  })
