/**
 * What a verb that failed says: the verb and the path that the user typed, what is wrong, and what to do about it.
 */
import * as Path from "@effect-zookeeper/core/Path"
import { fromCode, type Reason, type ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type { VerbFailed } from "./verb.ts"

/** The operations of the library that are verbs of another name. */
const verbs: Readonly<Record<string, string>> = {
  children: "ls",
  childrenWithStat: "ls",
  delete: "rm",
  exists: "stat",
  setAcl: "acl set",
  transact: "txn"
}

const verbOf = (operation: string): string => verbs[operation] ?? operation

/** At the root of what the user sees nothing can be missing but that root. */
const isChrootMissing = ({ operation, path }: ZooKeeperError): boolean =>
  path === "/" || (operation.startsWith("create") && path !== undefined && Path.parent(path) === "/")

/** What to do about it in terms of `zk`, where the library's own words do not say. */
const hint = (verb: string, error: ZooKeeperError): string | undefined => {
  switch (error.reason._tag) {
    case "NoNode":
      return isChrootMissing(error)
        ? "the chroot of --connect does not exist; zk -c HOST:PORT create -p /CHROOT makes it"
        : verb === "create"
          ? "its parent is missing; -p creates parents"
          : undefined
    case "NotEmpty":
      return "zk rm -r"
    case "BadVersion":
      return verb === "reconfig" ? "zk config shows it" : "zk stat shows it"
    case "NoAuth":
      return "see --auth"
    case "Unsupported":
      return verb === "watch" ? "zk watch without -R" : undefined
    case "ConnectFailed":
      return verb === "4lw" ? "is --host, or --connect (or ZK_CONNECT), right?" : "is --connect (or ZK_CONNECT) right?"
    case "NodeExists":
      return verb === "create"
        ? "zk set changes its data"
        : verb === "import"
          ? "--existing keep leaves such nodes, --existing replace replaces them"
          : undefined
    default:
      return undefined
  }
}

const reasonOf = (reason: Reason): string =>
  reason._tag === "TransactionFailed"
    ? `nothing was done, because operation ${reason.index} (${verbOf(reason.operation)} ${reason.path}) failed with ${reason.name}: ${fromCode(reason.code).message}`
    : reason.message

/** What the verb was doing, where that was not at the path that was typed: at a node below it, or for it. */
const subjectOf = (verb: string, path: string | undefined, error: ZooKeeperError): string => {
  const typed = path === undefined ? verb : `${verb} ${path}`
  if (error.path === undefined || error.path === path) return typed
  const doing = verbOf(error.operation)
  return doing === verb ? `${verb} ${error.path}` : `${typed}: ${doing} ${error.path}`
}

const ofZooKeeper = (verb: string, path: string | undefined, error: ZooKeeperError): string => {
  const doubt = error.applied === "unknown" ? " (it may have been done all the same)" : ""
  const remedy = hint(verb, error)
  return `${subjectOf(verb, path, error)}: ${reasonOf(error.reason)}${doubt}${remedy === undefined ? "" : ` (${remedy})`}`
}

/** The line, or undefined where there is nothing to add to what was said: an answer, or the program's own end. */
export const messageOf = ({ failure, path, verb }: VerbFailed): string | undefined => {
  switch (failure._tag) {
    case "ZooKeeperError":
      return ofZooKeeper(verb, path, failure)
    case "AnsweredNo":
    case "CommandEnded":
      return undefined
    case "OutputError":
      if (failure.readerGone) return undefined
  }
  return `${path === undefined ? verb : `${verb} ${path}`}: ${failure.message}`
}
