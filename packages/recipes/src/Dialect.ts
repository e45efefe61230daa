/**
 * How other libraries name the nodes of a recipe, so that their programs and ours can share one path.
 *
 * Only the names that are *written* depend on the dialect; when reading, the contenders of all dialects are honoured.
 *
 * @since 0.1.0
 */
import type { CreateMode } from "@effect-zookeeper/core/CreateMode"

/**
 * Whose programs share the path: Apache Curator's (also go-zookeeper's and the Rust client's), kazoo's, or those on the
 * recipes of Apache ZooKeeper itself.
 *
 * @category models
 * @since 0.1.0
 */
export type Dialect = "curator" | "kazoo" | "apache"

/**
 * The part that a contender plays. `candidate` is one of an election.
 *
 * @category models
 * @since 0.1.0
 */
export type Role = "lock" | "read" | "write" | "lease" | "candidate"

/**
 * A name to be created, before the server appends its counter, and the unique part with which it begins.
 *
 * @category models
 * @since 0.1.0
 */
export interface Name {
  readonly name: string
  readonly mark: string
}

// An election of kazoo is a lock; its writers are plain locks (kazoo.recipe.lock). Only Curator documents leases.
const names: Readonly<Record<Dialect, Readonly<Record<Role, string>>>> = {
  curator: { lock: "lock-", read: "__READ__", write: "__WRIT__", lease: "lease-", candidate: "latch-" },
  kazoo: { lock: "__lock__", read: "__rlock__", write: "__lock__", lease: "-lease-", candidate: "__lock__" },
  // Apache's readers take what follows the last hyphen (ZNodeName) or underscore (LeaderElectionSupport) as number.
  apache: { lock: "", read: "read-", write: "write-", lease: "lease-", candidate: "n_" }
}

const marks: Readonly<Record<Dialect, (uuid: string) => string>> = {
  curator: (uuid) => `_c_${uuid}-`,
  kazoo: (uuid) => uuid.replaceAll("-", ""),
  apache: (uuid) => `x-${uuid}-`
}

/**
 * The name of a contender in a dialect. `uuid` makes it unique.
 *
 * @category constructors
 * @since 0.1.0
 */
export const nameOf = (dialect: Dialect, role: Role, uuid: string): Name => {
  const mark = marks[dialect](uuid)
  return { mark, name: mark + names[dialect][role] }
}

/**
 * How the dialect's programs make missing parents.
 *
 * @category getters
 * @since 0.1.0
 */
export const parentMode = (dialect: Dialect): CreateMode => (dialect === "curator" ? "container" : "persistent")
