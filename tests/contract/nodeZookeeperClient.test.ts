/** The contract over node-zookeeper-client: it holds, but for what that library has no way to do. */
import { unsupported } from "@effect-zookeeper/core/NodeZookeeperClient"
import { assert, it } from "@effect/vitest"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { inspect } from "node:util"
import { type It, nodeZookeeperClient } from "./Backend.ts"
import { contract } from "./contract.ts"
import type { Notes } from "./noted.ts"

/** Tests that this driver is not held to, and how each of them ends here. */
const exempt: ReadonlyMap<string, RegExp> = new Map([
  // It has sockets of its own, which the test's Transport cannot cut; tests/drivers cuts them.
  ["outlives its connections, and so do its ephemeral nodes", /expected \[ 'Connected' \] to deeply equal/],
  ["is sent again on every connection", /expected \+0 to be above 1/],
  // It registers watches again by itself and takes no such request.
  ["fires at once what changed since, and arms the rest", /the session sends setWatches by itself/],
  // Its sign of life is another.
  ["is kept alive by pings, far beyond its timeout", /expected 'EXIS' to equal 'PING'/],
  // The library cannot tell no data from empty data, and refuses a sequential name that ends with a slash.
  ["is nothing, empty or something: a reader of the wire can tell, and ours gets bytes", /to equal null/],
  [
    "counts every child for its sequence, also below a name that ends with a slash",
    /node-zookeeper-client refuses this request/
  ]
])

const exempted = new Set<string>()
const missing = new Set<string>()

const textOf = (cause: Cause.Cause<unknown>): string => inspect(cause, { depth: 10 })

const missingIn = (cause: Cause.Cause<unknown>): string | undefined =>
  /node-zookeeper-client has no (\w+)/.exec(textOf(cause))?.[1]

/** A test passes also when the driver says that it has no way to do something, which is written down. */
const limited = (it: It): It => ({
  effect: (name, test, timeout) => {
    const ending = exempt.get(name)
    if (ending !== undefined) {
      exempted.add(name)
      return it.effect(
        `not here: ${name}`,
        (context) =>
          Effect.map(Effect.flip(Effect.sandbox(Effect.asVoid(test(context)))), (cause) =>
            assert.match(textOf(cause), ending)
          ),
        timeout
      )
    }
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

it("is exempt from no test that is not there", () => {
  assert.sameMembers([...exempted], [...exempt.keys()])
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
