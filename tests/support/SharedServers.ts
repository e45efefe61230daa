/**
 * The servers that all test files of a run share: for tests that leave nothing behind them but nodes under a path of
 * their own. A test that stops, freezes or reconfigures makes a server for itself.
 */
import * as Effect from "effect/Effect"
import { inject } from "vitest"

const connectString = (which: "single" | "ensemble"): Effect.Effect<string> =>
  Effect.promise(async () => {
    const zookeeper = inject("zookeeper")
    if ("missing" in zookeeper) throw new Error(zookeeper.missing)
    const response = await fetch(`${zookeeper.url}/${which}`)
    const text = await response.text()
    if (!response.ok) throw new Error(`the shared ${which} did not start: ${text}`)
    return text
  })

/** The connect string of a single server. */
export const single: Effect.Effect<string> = connectString("single")

/** The connect string of three servers. */
export const ensemble: Effect.Effect<string> = connectString("ensemble")
