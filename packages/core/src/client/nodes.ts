/** The operations on one node: reading, writing, deleting, and its children. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Stat } from "../model/Stat.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import { getAllChildrenNumber, getChildren, getChildren2 } from "../wire/ops/children.ts"
import { getData, setData } from "../wire/ops/data.ts"
import { deleteNode } from "../wire/ops/delete.ts"
import { exists as existsOperation } from "../wire/ops/exists.ts"
import { at, invalid, perform, type View } from "./Attempt.ts"
import { type Data, type Node, text, toBytes, toNode } from "./Data.ts"
import type { VersionOption } from "./Service.ts"

const none = Option.none<never>()

export const ANY_VERSION = -1

/** The version as it is sent, or what is wrong with it: −1 would silently mean any. */
export const versionProblem = (version: number | undefined): string | undefined =>
  version === undefined || (Number.isInteger(version) && version >= 0 && version <= 0x7fff_ffff)
    ? undefined
    : `the version ${version} is not a whole number from 0 to 2^31 - 1; leave it out for any`

/** Checks a version, then goes on with the number that stands for it. */
export const withVersion = <A>(
  view: View,
  name: string,
  path: string,
  version: number | undefined,
  run: (version: number) => Effect.Effect<A, ZooKeeperError>
): Effect.Effect<A, ZooKeeperError> => {
  const problem = versionProblem(version)
  return problem === undefined ? run(version ?? ANY_VERSION) : invalid(view, name, path, problem)
}

export const get = (view: View, path: string): Effect.Effect<Node, ZooKeeperError> =>
  at(view, "get", path, (target) =>
    perform({
      view,
      name: "get",
      path,
      operation: getData,
      request: { path: target, watch: false },
      success: toNode
    })
  )

export const getOption = (view: View, path: string): Effect.Effect<Option.Option<Node>, ZooKeeperError> =>
  at(view, "get", path, (target) =>
    perform({
      view,
      name: "get",
      path,
      operation: getData,
      request: { path: target, watch: false },
      success: (response) => Option.some(toNode(response)),
      missing: none
    })
  )

export const getString = (view: View, path: string): Effect.Effect<string, ZooKeeperError> =>
  Effect.map(get(view, path), text)

export const exists = (view: View, path: string): Effect.Effect<Option.Option<Stat>, ZooKeeperError> =>
  at(view, "exists", path, (target) =>
    perform({
      view,
      name: "exists",
      path,
      operation: existsOperation,
      request: { path: target, watch: false },
      success: Option.some<Stat>,
      missing: none
    })
  )

export const set = (
  view: View,
  path: string,
  data: Data,
  options?: VersionOption
): Effect.Effect<Stat, ZooKeeperError> =>
  at(view, "set", path, (target) =>
    withVersion(view, "set", path, options?.version, (version) =>
      perform({
        view,
        name: "set",
        path,
        operation: setData,
        request: { path: target, data: toBytes(data), version },
        success: (stat) => stat
      })
    )
  )

export const deleteOne = (view: View, path: string, version: number | undefined): Effect.Effect<void, ZooKeeperError> =>
  at(view, "delete", path, (target) =>
    withVersion(view, "delete", path, version, (version) =>
      perform({
        view,
        name: "delete",
        path,
        operation: deleteNode,
        request: { path: target, version },
        success: () => {}
      })
    )
  )

export const children = (view: View, path: string): Effect.Effect<ReadonlyArray<string>, ZooKeeperError> =>
  at(view, "children", path, (target) =>
    perform({
      view,
      name: "children",
      path,
      operation: getChildren,
      request: { path: target, watch: false },
      success: (names) => names
    })
  )

export const childrenWithStat = (
  view: View,
  path: string
): Effect.Effect<{ readonly children: ReadonlyArray<string>; readonly stat: Stat }, ZooKeeperError> =>
  at(view, "childrenWithStat", path, (target) =>
    perform({
      view,
      name: "childrenWithStat",
      path,
      operation: getChildren2,
      request: { path: target, watch: false },
      success: (answer) => answer
    })
  )

export const allChildrenNumber = (view: View, path: string): Effect.Effect<number, ZooKeeperError> =>
  at(view, "allChildrenNumber", path, (target) =>
    perform({
      view,
      name: "allChildrenNumber",
      path,
      operation: getAllChildrenNumber,
      request: { path: target },
      success: (count) => count
    })
  )
