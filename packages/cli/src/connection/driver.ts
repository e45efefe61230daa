/**
 * The client that `--driver` names. The one that is not the default is loaded only when it is asked for.
 */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { UnavailableError } from "../errors.ts"
import type { Driver } from "./flags.ts"

const nodeZookeeperClient = Effect.tryPromise({
  try: () => import("@effect-zookeeper/core/NodeZookeeperClient"),
  catch: (cause) =>
    new UnavailableError({ message: `the driver node-zookeeper-client cannot be loaded: ${String(cause)}` })
})

export const layer = (driver: Driver, options: ZooKeeper.Options) =>
  driver === "native"
    ? ZooKeeper.layer(options)
    : Layer.unwrap(Effect.map(nodeZookeeperClient, (module) => module.layer(options)))
