/**
 * The client that `--driver` names. The one that is not the default is loaded only when it is asked for.
 */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { UnavailableError } from "../errors.ts"
import type { Driver } from "./flags.ts"

type Module = Pick<typeof ZooKeeper, "layer">

// As a string, so that the build does not need what is not there yet.
const nodeZookeeperClient: string = "@effect-zookeeper/core/NodeZookeeperClient"

export const layer = (driver: Driver, options: ZooKeeper.Options) =>
  driver === "native"
    ? ZooKeeper.layer(options)
    : Layer.unwrap(
        Effect.map(
          Effect.tryPromise({
            try: () => import(nodeZookeeperClient) as Promise<Module>,
            catch: () =>
              new UnavailableError({ message: `the driver ${driver} is not part of this build; leave out --driver` })
          }),
          (module) => module.layer(options)
        )
      )
