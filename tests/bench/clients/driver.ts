/** Our public API with default options, over node-zookeeper-client instead of our own protocol code. */
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import type { Result, Spec } from "../spec.ts"
import * as publicApi from "./publicApi.ts"

export const run = (spec: Spec): Promise<Result> =>
  publicApi.run(spec, NodeZookeeperClient.make({ connect: spec.connect }))
