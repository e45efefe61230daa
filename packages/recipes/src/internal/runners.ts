/** The runners of a cluster: an ephemeral node for each, whose counter gives it the number of a machine. */
import * as Path from "@effect-zookeeper/core/Path"
import { text, type ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { Runner } from "effect/cluster/Runner"
import type { RunnerAddress } from "effect/cluster/RunnerAddress"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { readBelow } from "./listed.ts"
import { createBelow } from "./parents.ts"
import { remove } from "./remove.ts"

export interface Runners {
  /** Registers a runner, in the place of whoever has its address, and gives the number of its machine. */
  readonly register: (runner: Runner, healthy: boolean) => Effect.Effect<number, ZooKeeperError>
  /** Deletes the runner's node, but not that of another session which has taken its address over. */
  readonly unregister: (address: RunnerAddress) => Effect.Effect<void, ZooKeeperError>
  readonly all: Effect.Effect<Array<readonly [runner: Runner, healthy: boolean]>, ZooKeeperError>
  /** Changes what is told of a runner; nothing where it is gone. */
  readonly setHealth: (address: RunnerAddress, healthy: boolean) => Effect.Effect<void, ZooKeeperError>
}

const Data = Schema.fromJsonString(Schema.Struct({ runner: Runner, healthy: Schema.Boolean }))
const decode = Schema.decodeOption(Data)
const encode = Schema.encodeSync(Data)

/** A snowflake id has room for so many machines. */
const MACHINES = 1024

export const addressOf = ({ host, port }: RunnerAddress): string => `${host}:${port}`

/** By the counter of the parent, with which the node's name ends. */
const machineOf = (node: string): number => Number(node.slice(-10)) % MACHINES

interface Registered {
  readonly node: string
  readonly address: string
  readonly machine: number
  readonly runner: Runner
  readonly healthy: boolean
  readonly owner: bigint
}

export const runners = (zk: ZooKeeper, path: string): Runners => {
  /** In the order of the addresses, and of one address in the order of registration. */
  const registered = readBelow(zk, path, (name, { data, stat }) =>
    Effect.succeed(
      Option.map(decode(text({ data })), (told): Registered => ({
        ...told,
        node: Path.join(path, name),
        address: addressOf(told.runner.address),
        machine: machineOf(name),
        owner: stat.ephemeralOwner
      }))
    )
  )
  const found = (address: RunnerAddress) =>
    Effect.map(registered, (all) => all.filter((each) => each.address === addressOf(address)))
  const isOurs = ({ owner }: Registered) => owner === zk.session.id

  const gone = (node: string) =>
    Effect.catchReason(zk.delete(node), "ZooKeeperError", "NoNode", () => Effect.logDebug(`${node} was gone`))

  const register: Runners["register"] = Effect.fnUntraced(function* (runner, healthy) {
    const data = encode({ runner, healthy })
    const address = addressOf(runner.address)
    const own = (yield* found(runner.address)).findLast(isOurs)
    // The answer was lost on the way.
    if (own !== undefined) return yield* Effect.as(zk.set(own.node, data), own.machine)
    const create = zk.create(Path.join(path, `${address}-`), data, { mode: "ephemeralSequential" })
    const node = yield* createBelow(zk, path, "persistent", create)
    const machine = machineOf(node)
    const others = (yield* registered).filter((each) => each.node !== node)
    // Its process before it was started anew, mostly, which is as dead as its address is taken.
    for (const each of others) if (each.address === address) yield* gone(each.node)
    // Who comes later sees who was there before, so of two with one number the later one goes on to the next.
    if (others.every((each) => each.machine !== machine || each.address === address)) return machine
    yield* gone(node)
    return yield* register(runner, healthy)
  })

  const unregister: Runners["unregister"] = (address) =>
    Effect.flatMap(found(address), (all) =>
      Effect.forEach(all.filter(isOurs), ({ node }) => remove(zk, node, { owned: true }), { discard: true })
    )

  const all: Runners["all"] = Effect.map(registered, (each) => [
    ...new Map(each.map(({ address, healthy, runner }) => [address, [runner, healthy] as const])).values()
  ])

  const setHealth: Runners["setHealth"] = (address, healthy) =>
    Effect.flatMap(found(address), (each) => {
      const newest = each.at(-1)
      if (newest === undefined || newest.healthy === healthy) return Effect.void
      const changed = zk.update(newest.node, (node) =>
        encode({ ...Option.getOrElse(decode(text(node)), () => newest), healthy })
      )
      return Effect.catchReason(Effect.asVoid(changed), "ZooKeeperError", "NoNode", () => Effect.void)
    })

  return { register, unregister, all, setHealth }
}
