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

const curator: Readonly<Record<Role, string>> = {
  lock: "lock-",
  read: "__READ__",
  write: "__WRIT__",
  lease: "lease-",
  candidate: "latch-"
}

// An election of kazoo is a lock; its writers are plain locks (kazoo.recipe.lock).
const kazoo: Readonly<Record<Role, string>> = {
  lock: "__lock__",
  read: "__rlock__",
  write: "__lock__",
  lease: "__lease__",
  candidate: "__lock__"
}

/**
 * The name of a contender in a dialect. `uuid` makes it unique.
 *
 * @category constructors
 * @since 0.1.0
 */
export const nameOf = (dialect: Dialect, role: Role, uuid: string): Name => {
  switch (dialect) {
    case "curator": {
      const mark = `_c_${uuid}-`
      return { mark, name: mark + curator[role] }
    }
    case "kazoo": {
      const mark = uuid.replaceAll("-", "")
      return { mark, name: mark + kazoo[role] }
    }
    case "apache": {
      // Apache's readers take what follows the last hyphen (ZNodeName) or underscore (LeaderElectionSupport) as number.
      const mark = `x-${uuid}-`
      return { mark, name: role === "candidate" ? `${mark}n_` : mark }
    }
  }
}

/**
 * How the dialect's programs make missing parents.
 *
 * @category getters
 * @since 0.1.0
 */
export const parentMode = (dialect: Dialect): CreateMode => (dialect === "curator" ? "container" : "persistent")
