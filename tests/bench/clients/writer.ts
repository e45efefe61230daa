/** Changes the followed nodes at a steady rate, for a client in another process. Runs until it is killed. */
import { setData } from "@effect-zookeeper/core/wire/ops/data"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { paths, sizes } from "../spec.ts"

const [connect, workload] = process.argv.slice(2)
/** Changes for each tick of 10 ms. */
const burst = workload === "stateStreamBusy" ? 60 : 20
const isTree = workload === "treeCache"
const count = isTree ? sizes.treeFolders * sizes.treeFolder : sizes.watches
const path = isTree ? paths.inTree : paths.watch
/** Coprime to the counts: one after the other in no order. */
const STEP = isTree ? 7919 : 1
const data = new Uint8Array(sizes.data).fill(67)

await Effect.runPromise(
  Effect.scoped(
    Effect.flatMap(ZooKeeper.make({ connect }), (zk) =>
      Effect.andThen(
        // A cache is filled first.
        isTree
          ? Stream.runDrain(Stream.takeUntil(zk.changes.exists(paths.following), ({ stat }) => Option.isSome(stat)))
          : Effect.void,
        Effect.callback<never>(() => {
          const { driver } = zk
          let next = 0
          setInterval(() => {
            for (let i = 0; i < burst; i++) {
              driver.submit({
                operation: setData,
                request: { path: path((next++ * STEP) % count), data, version: -1 },
                succeed: () => {},
                refuse: (code) => console.error(`setData: ${code}`),
                fail: () => {}
              })
            }
          }, 10)
        })
      )
    )
  )
)
