/** Changes the watched nodes at a steady rate, for the state streams of another process. Runs until it is killed. */
import { setData } from "@effect-zookeeper/core/wire/ops/data"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import { paths, sizes } from "../spec.ts"

/** Changes for each tick of 10 ms. */
const BURST = 20

const [connect] = process.argv.slice(2)
const data = new Uint8Array(sizes.data).fill(67)

await Effect.runPromise(
  Effect.scoped(
    Effect.flatMap(ZooKeeper.make({ connect }), ({ driver }) =>
      Effect.callback<never>(() => {
        let next = 0
        setInterval(() => {
          for (let i = 0; i < BURST; i++) {
            driver.submit({
              operation: setData,
              request: { path: paths.watch(next++ % sizes.watches), data, version: -1 },
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
