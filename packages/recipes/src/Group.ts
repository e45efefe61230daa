/**
 * Who is there: members that come and go with their sessions, each with a name and data of its own.
 *
 * @since 0.1.0
 */
import * as Path from "@effect-zookeeper/core/Path"
import { type Data, text, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import type { CacheFailure } from "./Cache.ts"
import type { Dialect } from "./Dialect.ts"
import { BUFFER } from "./internal/Broadcast.ts"
import { invalid } from "./internal/invalid.ts"
import { readBelow } from "./internal/listed.ts"
import { childrenOf, MAX_NODES, mirror } from "./internal/mirror.ts"
import * as PersistentNode from "./PersistentNode.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * Which group, and as whom to join it.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node below which the members stand; made when somebody joins. */
  readonly path: string
  /** Joins under this name for as long as the group is in use. Left out, this process only looks on, or joins later. */
  readonly id?: string | undefined
  /** What the member tells of itself. Default: nothing; kazoo's members have names only. */
  readonly data?: Data | undefined
  /** Whose programs share the path. Default `curator` (GroupMember); `kazoo` is Party. */
  readonly dialect?: Dialect | undefined
}

/**
 * Somebody in the group.
 *
 * @category models
 * @since 0.1.0
 */
export interface Member {
  readonly id: string
  readonly data: Uint8Array
}

/**
 * A group as one process sees it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Group {
  /**
   * Is a member until the scope closes; the node is put back whenever it is lost, with its session or by hand. Returns once
   * the node is there, however long that takes: a node of that name that another session has is waited for to go. Fails with `InvalidArgument` for a name that no node can have, and for data in the dialect `kazoo`.
   */
  readonly join: (id: string, data?: Data) => Effect.Effect<PersistentNode.PersistentNode, ZooKeeperError, Scope.Scope>
  /** Who is there now, by the names of their nodes. */
  readonly members: Effect.Effect<ReadonlyArray<Member>, ZooKeeperError>
  /**
   * Who is there, now and after every change of anybody or their data; a slow subscriber gets the newest. Fails with
   * `CacheFull` for more than 100,000 members.
   */
  readonly observe: Stream.Stream<ReadonlyArray<Member>, CacheFailure>
}

const NOTHING = new Uint8Array()

/**
 * kazoo's Party has the name in the data, its ShallowParty in the node's name (and in the data, too, or none); Curator's
 * members are what they are.
 */
const memberOf = (name: string, data: Uint8Array): Member => {
  if (/^[0-9a-f]{32}__party__$/.test(name)) return { id: text({ data }), data: NOTHING }
  const shallow = /^[0-9a-f]{32}-(.+)$/.exec(name)?.[1]
  const isShallow = data.length === 0 || text({ data }) === shallow
  return shallow === undefined || !isShallow ? { id: name, data } : { id: shallow, data: NOTHING }
}

const sameMembers = (a: ReadonlyArray<Member>, b: ReadonlyArray<Member>): boolean =>
  a.length === b.length &&
  a.every(({ data, id }, index) => id === b[index]!.id && Buffer.compare(data, b[index]!.data) === 0)

/** The node that stands for a member, or what is wrong with it. */
const nodeOf = (options: Options, id: string, data: Data | undefined): PersistentNode.Options | string => {
  const { dialect = "curator", path } = options
  if (dialect === "kazoo") {
    if (data !== undefined && data.length > 0) return "kazoo's members have no data but their names"
    return { path: Path.join(path, `${randomUUID().replaceAll("-", "")}__party__`), data: id, dialect }
  }
  return id === "" || id.includes("/") ? `'${id}' cannot be the name of a node` : { path: Path.join(path, id), data }
}

/**
 * A group below a path. With an `id` this returns once the member's node is there; it is a member until the scope closes.
 * Fails as `join` does, and creates nothing without an `id`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Group, ZooKeeperError, ZooKeeper | Scope.Scope> {
  const zk = yield* ZooKeeper
  const { path } = options
  const join: Group["join"] = (id, data) => {
    const node = nodeOf(options, id, data)
    if (typeof node !== "string") return Effect.provideService(PersistentNode.make(node), ZooKeeper, zk)
    return Effect.fail(invalid("join", path, node))
  }
  if (options.id !== undefined) yield* join(options.id, options.data)
  const extent = { path, depth: 1, includes: () => true, maxNodes: MAX_NODES, buffer: BUFFER }
  return {
    join,
    members: readBelow(zk, path, (name, { data }) => Effect.succeedSome(memberOf(name, data))),
    observe: Stream.unwrap(
      Effect.map(mirror(zk, extent), ({ states }) =>
        states.pipe(
          Stream.map((nodes) => [...childrenOf(path, nodes)].map(([name, { data }]) => memberOf(name, data))),
          Stream.changesWith(sameMembers)
        )
      )
    )
  }
})

/**
 * A group as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, Group> = factory(make)
