/** What the tests of queues of every kind look at: what stands in one, and what stands beside its items. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { Item, Items } from "@effect-zookeeper/recipes/Item"
import * as Effect from "effect/Effect"
import { awaitState } from "../support/awaitState.ts"
import { type Client, PATH, queue as names } from "./support.ts"

export const LOCKS = `${PATH}-locks`

/** A queue that tells what stands in it as the leader knows it, whatever other sessions have just done. */
export const inSync = <Q extends Items<any>>(zk: Client, queue: Q): Q => ({
  ...queue,
  size: Effect.andThen(zk.sync(), queue.size),
  contents: Effect.andThen(zk.sync(), queue.contents)
})

export const textOf = (item: Item) => Effect.succeed(ZooKeeper.text(item))

export const contentsOf = (queue: Pick<Items<any>, "contents">) =>
  Effect.map(queue.contents, (all) =>
    all.map((each) => `${ZooKeeper.text(each)}${each.isTaken ? " (taken)" : ""}`).join()
  )

export const tagOf = (error: { readonly _tag: string; readonly reason?: { readonly _tag: string } }) =>
  error.reason?._tag ?? error._tag

/** What is there beside the items: claims, places in the line, receipts of what was put in. */
const leftOf = (zk: Client, claims = LOCKS, beside = LOCKS) =>
  Effect.map(
    Effect.all([names(zk, claims), names(zk, `${beside}/waiting`), names(zk, `${beside}/receipts`)]),
    ([claims, ...others]) => [...claims.filter((name) => !/^(waiting|receipts)$/.test(name)), ...others.flat()]
  )

export const isIdle = (zk: Client, claims?: string, beside?: string) =>
  awaitState(leftOf(zk, claims, beside), (left) => left.length === 0, {
    describe: "nothing is left beside the items",
    within: "30 seconds"
  })
