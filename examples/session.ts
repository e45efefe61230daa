/** The driver of the examples: the one that ZK_DRIVER names, `native` unless it says `node-zookeeper-client`. */
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export const driver = Config.Literals(["native", "node-zookeeper-client"], "ZK_DRIVER").pipe(
  Config.withDefault("native")
)

const layers = { native: ZooKeeper.layer, "node-zookeeper-client": NodeZookeeperClient.layer }

export const session = (options: NodeZookeeperClient.Options) =>
  Layer.unwrap(Effect.map(driver, (driver) => layers[driver](options)))
