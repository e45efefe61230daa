/** The contract over node-zookeeper-client: it holds, but for what that library has no way to do. */
import { unsupported } from "@effect-zookeeper/core/NodeZookeeperClient"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { inspect } from "node:util"
import { type It, nodeZookeeperClient } from "./Backend.ts"
import { contract } from "./contract.ts"
import type { Notes } from "./noted.ts"

/** Tests that this driver is not held to. */
const exempt: ReadonlySet<string> = new Set([
  // It has sockets of its own, which the test's Transport cannot cut; tests/drivers cuts them.
  "is sent again on every connection",
  "outlives its connections, and so do its ephemeral nodes",
  "goes on after a lost connection, and after an expired session",
  // It registers watches again by itself and takes no such request.
  "fires at once what changed since, and arms the rest",
  // Its sign of life is another.
  "is kept alive by pings, far beyond its timeout",
  // The library cannot tell no data from empty data, and refuses a sequential name that ends with a slash.
  "is nothing, empty or something: a reader of the wire can tell, and ours gets bytes",
  "counts every child for its sequence, also below a name that ends with a slash"
])

const missing = new Set<string>()

const missingIn = (cause: unknown): string | undefined =>
  /node-zookeeper-client has no (\w+)/.exec(inspect(cause, { depth: 10 }))?.[1]

const { skip } = it

/** A test passes also when the driver says that it has no way to do something, which is written down. */
const limited = (it: It): It => ({
  effect: (name, test, timeout) => {
    if (exempt.has(name)) return skip(name)
    it.effect(
      name,
      (context) =>
        Effect.catchCause(Effect.asVoid(test(context)), (cause) => {
          const operation = missingIn(cause)
          if (operation === undefined) return Effect.failCause(cause)
          missing.add(operation)
          return Effect.void
        }),
      timeout
    )
  }
})

const notes: Notes = { all: new Set(), worked: new Set(), unsupported: new Set() }

contract("node-zookeeper-client on the in-process server", nodeZookeeperClient(notes), limited)

it("lacks just the operations that its page names; the contract has no SASL", () => {
  assert.deepStrictEqual([...missing, "sasl"].sort(), [...unsupported].sort())
})

it("does everything that the service has, but for these", () => {
  const { all, unsupported, worked } = notes
  const never = [...all].filter((name) => !worked.has(name))
  assert.deepStrictEqual(never.toSorted(), [
    "allChildrenNumber",
    "create2",
    "getEphemerals",
    "multiRead",
    "reconfig",
    "sync",
    "watch",
    "watchScoped",
    "whoAmI"
  ])
  assert.deepStrictEqual(
    never.filter((name) => !unsupported.has(name)),
    []
  )
})
