/** Ours with default options. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { Result, Spec } from "../spec.ts"
import * as publicApi from "./publicApi.ts"

export const run = (spec: Spec): Promise<Result> => publicApi.run(spec, ZooKeeper.make({ connect: spec.connect }))
