/** Permissions, identities, configuration and the like: everything that is not the data of a node. */
import * as Effect from "effect/Effect"
import type { Acl } from "../model/Acl.ts"
import * as Ids from "../model/Ids.ts"
import * as Path from "../model/Path.ts"
import type { Stat } from "../model/Stat.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import * as FourLetterWord from "../wire/FourLetterWord.ts"
import { getACL, setACL } from "../wire/ops/acl.ts"
import { whoAmI as whoAmIOperation } from "../wire/ops/auth.ts"
import { getData } from "../wire/ops/data.ts"
import { getEphemerals as getEphemeralsOperation } from "../wire/ops/ephemerals.ts"
import { reconfig as reconfigOperation } from "../wire/ops/reconfig.ts"
import { sync as syncOperation } from "../wire/ops/sync.ts"
import { at, invalid, perform, type View } from "./Attempt.ts"
import { aclProblem } from "./create.ts"
import { type Node, toNode } from "./Data.ts"
import { ANY_VERSION, badVersion } from "./nodes.ts"
import type { ReconfigOptions } from "./service/Administration.ts"
import type { VersionOption } from "./service/Nodes.ts"

export const sync = (view: View, path: string = "/"): Effect.Effect<void, ZooKeeperError> =>
  at(view, "sync", path, (target) =>
    perform({ view, name: "sync", path, operation: syncOperation, request: { path: target }, success: () => {} })
  )

export const getAcl = (
  view: View,
  path: string
): Effect.Effect<{ readonly acl: ReadonlyArray<Acl>; readonly stat: Stat }, ZooKeeperError> =>
  at(view, "getAcl", path, (target) =>
    perform({
      view,
      name: "getAcl",
      path,
      operation: getACL,
      request: { path: target },
      success: ({ acl, stat }) => ({ acl, stat })
    })
  )

export const setAcl = (
  view: View,
  path: string,
  acl: ReadonlyArray<Acl>,
  options?: VersionOption
): Effect.Effect<Stat, ZooKeeperError> =>
  badVersion(view, "setAcl", path, options?.version) ??
  at(view, "setAcl", path, (target) => {
    const problem = aclProblem(acl)
    if (problem !== undefined) return invalid(view, "setAcl", path, problem)
    return perform({
      view,
      name: "setAcl",
      path,
      operation: setACL,
      request: { path: target, acl, version: options?.version ?? ANY_VERSION },
      success: (stat) => stat
    })
  })

export const getEphemerals = (view: View, prefix: string = "/"): Effect.Effect<ReadonlyArray<string>, ZooKeeperError> =>
  prefix.startsWith("/")
    ? perform({
        view,
        name: "getEphemerals",
        path: prefix,
        operation: getEphemeralsOperation,
        request: { prefixPath: prefix === "/" ? view.root : view.root + prefix },
        // The server compares text, so the chroot /app also brings those of /apple.
        success: (paths, { root }) =>
          paths.filter((path) => Path.isWithin(path, root || "/")).map((path) => Path.strip(root, path))
      })
    : invalid(view, "getEphemerals", prefix, `'${prefix}' begins no path: it does not start with '/'`)

export const whoAmI = (
  view: View
): Effect.Effect<ReadonlyArray<{ readonly scheme: string; readonly id: string }>, ZooKeeperError> =>
  perform({
    view,
    name: "whoAmI",
    path: undefined,
    operation: whoAmIOperation,
    request: undefined,
    success: (infos) => infos.map(({ authScheme, user }) => ({ scheme: authScheme, id: user }))
  })

/** The configuration stands outside every chroot (ZOOKEEPER-4601). */
export const CONFIG = "/zookeeper/config"

export const config = (view: View): Effect.Effect<Node, ZooKeeperError> =>
  perform({
    view,
    name: "config",
    path: undefined,
    operation: getData,
    request: { path: CONFIG, watch: false },
    success: toNode
  })

const joined = (items: ReadonlyArray<string> | undefined): string | null =>
  items === undefined || items.length === 0 ? null : items.join(",")

/** What is wrong with a change; one that names no server is a mistake, since the request for it looks like any other. */
const reconfigProblem = ({ from, joining, leaving, members }: ReconfigOptions): string | undefined => {
  const incremental = joining !== undefined || leaving !== undefined
  if (incremental === (members !== undefined)) return "give either members, or joining and leaving"
  if ([joining, leaving, members].every((servers) => joined(servers) === null)) {
    return `${members === undefined ? "joining and leaving are" : "members is"} empty; name the servers`
  }
  return from !== undefined && from < 0n ? `the configuration version ${Ids.toHex(from)} is not one` : undefined
}

export const reconfig = (view: View, options: ReconfigOptions): Effect.Effect<Node, ZooKeeperError> => {
  const { from, joining, leaving, members } = options
  const problem = reconfigProblem(options)
  if (problem !== undefined) return invalid(view, "reconfig", undefined, problem)
  return perform({
    view,
    name: "reconfig",
    path: undefined,
    operation: reconfigOperation,
    request: {
      joiningServers: joined(joining),
      leavingServers: joined(leaving),
      newMembers: joined(members),
      curConfigId: from ?? -1n
    },
    success: toNode
  })
}

export const fourLetterWord = <W extends FourLetterWord.Word>(
  view: View,
  word: W,
  host?: string
): Effect.Effect<FourLetterWord.Answer<W>, ZooKeeperError> =>
  FourLetterWord.isWord(word)
    ? Effect.map(view.session.fourLetterWord(word, host), (text) => FourLetterWord.parse(word, text))
    : invalid(view, "fourLetterWord", undefined, `'${word}' is none of ${FourLetterWord.words.join(", ")}`)
