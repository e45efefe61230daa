/** The path that contenders queue below: whose programs they share it with, and who is there now. */
import * as Path from "@effect-zookeeper/core/Path"
import type { Data, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Dialect } from "../Dialect.ts"
import { invalid } from "./invalid.ts"
import { patiently } from "./patience.ts"
import * as Sequence from "./sequence.ts"

/** Where and as what to contend. */
export interface Queue {
  readonly zk: ZooKeeper
  readonly path: string
  readonly dialect: Dialect
  readonly data: Data
}

/** Somebody in a queue, by the node that stands for it. */
export interface Standing {
  readonly node: string
  readonly data: Uint8Array
}

const wrapped = (path: string): ZooKeeperError =>
  invalid(
    "children",
    path,
    `the counter of '${path}' has wrapped, so no order agrees with other libraries; use another path`
  )

const warned = new WeakSet<Queue>()

/** Says once for each queue what its dialect's programs do not see there. */
const warnOfStrangers = (queue: Queue, { foreign, members }: Sequence.Members): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { dialect, path } = queue
    const others = members.filter((member) => member.dialect !== dialect).map(({ name }) => name)
    if (warned.has(queue) || (others.length === 0 && foreign.length === 0)) return Effect.void
    warned.add(queue)
    const [name] = [...others, ...foreign]
    return Effect.logWarning(
      others.length > 0
        ? `below ${path} there is '${name}', which this contender honours and other ${dialect} programs do not see`
        : `below ${path} there is '${name}', which is no contender of any known library and is left alone`
    )
  })

/** Everybody who contends below the path, in order. */
export const members = (queue: Queue): Effect.Effect<ReadonlyArray<Sequence.Member>, ZooKeeperError> =>
  Effect.flatMap(patiently(queue.zk.children(queue.path)), (names) => {
    const all = Sequence.read(names)
    if (Sequence.hasWrapped(all.members)) return Effect.fail(wrapped(queue.path))
    return Effect.as(warnOfStrangers(queue, all), all.members)
  })

/** The nodes of these members, without those that are gone meanwhile. */
export const standing = (
  { path, zk }: Queue,
  members: ReadonlyArray<Sequence.Member>
): Effect.Effect<ReadonlyArray<Standing>, ZooKeeperError> => {
  const nodes = members.map(({ name }) => Path.join(path, name))
  const found = Effect.forEach(nodes, (node) => zk.getOption(node), { concurrency: "unbounded" })
  return Effect.map(found, (all) =>
    all.flatMap((found, index) => (Option.isSome(found) ? [{ node: nodes[index]!, data: found.value.data }] : []))
  )
}

/** Everybody in the queue with what they tell of themselves, in order; nobody where there is no path. */
export const present = (queue: Queue): Effect.Effect<ReadonlyArray<Standing>, ZooKeeperError> =>
  Effect.flatMap(
    Effect.catchReason(members(queue), "ZooKeeperError", "NoNode", () => Effect.succeed([])),
    (all) => standing(queue, all)
  )
