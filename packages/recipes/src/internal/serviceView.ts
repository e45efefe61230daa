/** The instances of a service, followed; what is none is skipped, and warned of once for each state of its node. */
import * as Path from "@effect-zookeeper/core/Path"
import { type Node, text, type ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { CacheFailure } from "../Cache.ts"
import type { ServiceInstance } from "../ServiceInstance.ts"
import { BUFFER } from "./Broadcast.ts"
import * as InstanceJson from "./instanceJson.ts"
import { childrenOf, MAX_NODES, mirror } from "./mirror.ts"
import type { Payload } from "./payload.ts"

type Found<P> = Option.Option<ServiceInstance<P>>

/** Reads the instance of a node, none where it is none. */
export type Read<P> = (path: string, node: Node) => Effect.Effect<Found<P>>

export const readWith =
  <P>({ decode }: Payload<P>): Read<P> =>
  (path, node) => {
    const skip = (why: string) =>
      Effect.as(Effect.logWarning(`${path} is no instance of a service and is skipped: ${why}`), Option.none())
    const instance = InstanceJson.read(text(node))
    if (typeof instance === "string") return skip(instance)
    return decode(instance.payload).pipe(
      Effect.map((payload) => Option.some({ ...instance, payload })),
      Effect.catch((why) => skip(`its payload is of another type: ${why}`))
    )
  }

interface Known<P> {
  readonly mzxid: bigint
  readonly found: Found<P>
}

const same = <A>(a: ReadonlyArray<A>, b: ReadonlyArray<A>): boolean =>
  a.length === b.length && a.every((each, index) => each === b[index])

/** The instances now and after every change, by the names of their nodes. */
export const serviceView = <P>(
  zk: ZooKeeper,
  path: string,
  read: Read<P>
): Stream.Stream<ReadonlyArray<ServiceInstance<P>>, CacheFailure> => {
  const extent = { path, depth: 1, includes: () => true, maxNodes: MAX_NODES, buffer: BUFFER }
  return Stream.unwrap(
    Effect.map(mirror(zk, extent), ({ states }) => {
      let known: ReadonlyMap<string, Known<P>> = new Map()
      const look = Effect.fnUntraced(function* (nodes: ReadonlyMap<string, Node>) {
        const next = new Map<string, Known<P>>()
        for (const [name, node] of childrenOf(path, nodes)) {
          const { mzxid } = node.stat
          const before = known.get(name)
          const isOld = before?.mzxid === mzxid
          next.set(name, isOld ? before : { mzxid, found: yield* read(Path.join(path, name), node) })
        }
        known = next
        return [...next.values()].flatMap(({ found }) => Option.toArray(found))
      })
      return states.pipe(Stream.mapEffect(look), Stream.changesWith(same))
    })
  )
}
