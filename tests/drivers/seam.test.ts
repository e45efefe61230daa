/** The seam suite over every driver, and what only one of them can do. */
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import { assert, describe, it } from "@effect/vitest"
import { adopted, native, own } from "./drivers.ts"
import { seam } from "./seam.ts"

seam("the native driver", native, true)
seam("node-zookeeper-client, with a client of its own", own, true)
seam("node-zookeeper-client, with an application's client", adopted, false)

describe("the operations of node-zookeeper-client", () => {
  it("are these fewer", () => {
    assert.deepStrictEqual(NodeZookeeperClient.unsupported, [
      "sync",
      "create2",
      "reconfig",
      "checkWatches",
      "removeWatches",
      "createContainer",
      "createTTL",
      "multiRead",
      "sasl",
      "getEphemerals",
      "getAllChildrenNumber",
      "setWatches2",
      "addWatch",
      "whoAmI"
    ])
  })
})
