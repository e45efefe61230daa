/**
 * The events of one path where watches fire once (before ZooKeeper 3.6, and over drivers that know no others): they are
 * set again after each event, and a mark says when there may have been more than what was told.
 *
 * A node counts the changes of its data and of its children, so what happened is compared with what was told.
 */
import type { Stat } from "@effect-zookeeper/core/Stat"
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import type { Once, WatchElement, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import { armed } from "./armed.ts"
import { patientlyAnew } from "./patience.ts"
import { onReconnect } from "./onReconnect.ts"

/** How many events of each type were told. */
type Told = Partial<Record<WatchEvent["type"], number>>

/**
 * Whether these events, and no others, lie between two states. A node that was created or deleted may have been so
 * several times.
 */
const explains = (before: Option.Option<Stat>, told: Told, after: Option.Option<Stat>): boolean => {
  const { NodeChildrenChanged: children = 0, NodeCreated, NodeDataChanged: data = 0, NodeDeleted } = told
  if (NodeCreated !== undefined || NodeDeleted !== undefined) return false
  if (Option.isNone(before) || Option.isNone(after)) return Option.isNone(before) && Option.isNone(after)
  const [old, now] = [before.value, after.value]
  return old.czxid === now.czxid && now.version - old.version === data && now.cversion - old.cversion === children
}

/** Passes after which it counts as begun although nothing is sure: the watches are set, and a mark was published. */
const PATIENCE = 3

/** Goes on until the session is over; `begun` is done once the watches are set for the first time. */
export const rearmed = (
  zk: ZooKeeper,
  path: string,
  publish: (element: WatchElement) => void,
  begun: Effect.Effect<unknown>
): Effect.Effect<void, ZooKeeperError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const waiting = yield* FiberMap.make<string, void, ZooKeeperError>()
      const isSet = { exists: false, children: false }
      const stale = Latch.makeUnsafe()
      let told: Told = {}
      let isGap = false

      const set = <A>(name: keyof typeof isSet, once: Effect.Effect<Once<A>, ZooKeeperError>) => {
        isSet[name] = true
        return armed(zk, waiting, name, once, (event) => {
          isSet[name] = false
          stale.openUnsafe()
          // Both watches tell of a deletion.
          if (name === "children" && event.type === "NodeDeleted") return
          told[event.type] = (told[event.type] ?? 0) + 1
          publish({ _tag: "Event", event })
        })
      }
      const unset = Effect.sync(() => {
        isSet.exists = isSet.children = false
      })

      const keepSet = Effect.gen(function* () {
        let known: Option.Option<Stat> | undefined
        /** Whether `known` was found while nothing happened, so that it counts no event that is still to be told. */
        let isSure = false
        let isThere = false
        /** How many passes in a row were unsure: there may be somebody who writes all the time. */
        let unsure = 0
        while (true) {
          stale.closeUnsafe()
          if (isGap) {
            isGap = false
            known = undefined
            yield* Effect.andThen(FiberMap.clear(waiting), unset)
          }
          if (!isSet.exists) isThere = Option.isSome(yield* set("exists", zk.once.exists(path)))
          if (isThere && !isSet.children) {
            yield* Effect.catchReason(set("children", zk.once.children(path)), "ZooKeeperError", "NoNode", () => unset)
          }
          const now = yield* patientlyAnew(zk, zk.exists(path))
          const isCalm = isSure || Object.keys(told).length === 0
          if (known !== undefined && isCalm && explains(known, told, now)) {
            isSure = true
          } else {
            // Before it has begun there is nobody to tell.
            publish({ _tag: "Resync" })
            isSure = false
          }
          known = now
          told = {}
          unsure = isSure ? 0 : unsure + 1
          if (isSure || unsure >= PATIENCE) yield* begun
          if (isSure) yield* stale.await
          else if (unsure >= PATIENCE) yield* Effect.sleep("100 millis")
        }
      })
      const noteGaps = onReconnect(zk, () => {
        isGap = true
        stale.openUnsafe()
      })
      return yield* Effect.raceAllFirst([keepSet, FiberMap.join(waiting), noteGaps])
    })
  )
