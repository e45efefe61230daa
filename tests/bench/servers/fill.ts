/** The nodes that the rows read, write and watch. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import { childName, paths, sizes } from "../spec.ts"

const data = new Uint8Array(sizes.data).fill(65)

/** Creates nodes a hundred at a time. */
const createAll = (zk: ZooKeeper.ZooKeeper, nodes: ReadonlyArray<string>) =>
  Effect.forEach(
    Array.from({ length: Math.ceil(nodes.length / 100) }, (_, batch) => nodes.slice(batch * 100, batch * 100 + 100)),
    (batch) => zk.transact(...batch.map((path) => Op.create(path, data))),
    { concurrency: 8, discard: true }
  )

const numbers = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, index) => index)

/** What every row needs. */
export const fill = Effect.fnUntraced(function* (connect: string) {
  const zk = yield* ZooKeeper.make({ connect })
  for (const folder of ["own", "multi", "watch", "lock", "election"]) yield* zk.ensurePath(`${paths.root}/${folder}`)
  yield* zk.create(paths.data, data)
  yield* zk.create(paths.big, new Uint8Array(sizes.big).fill(65))
  yield* zk.create(paths.children, data)
  yield* createAll(
    zk,
    numbers(sizes.children).map((index) => `${paths.children}/${childName(index)}`)
  )
  yield* createAll(zk, [...numbers(sizes.multi).map(paths.multi), ...numbers(sizes.watches).map(paths.watch)])
})

/** 100,000 nodes, for the caches. */
export const fillTree = Effect.fnUntraced(function* (connect: string) {
  const zk = yield* ZooKeeper.make({ connect })
  yield* zk.create(paths.tree, data)
  yield* createAll(
    zk,
    numbers(sizes.treeFolders).map((folder) => `${paths.tree}/${folder}`)
  )
  yield* createAll(zk, numbers(sizes.treeFolders * sizes.treeFolder).map(paths.inTree))
})
