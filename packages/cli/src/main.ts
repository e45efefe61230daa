#!/usr/bin/env node
/**
 * The process: arguments in, exit code out.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { constants } from "node:os"
import { run } from "./app.ts"
import * as Signals from "./exec/signals.ts"

// A reader that has gone is found by the next write; without a listener the event would end the process with a trace.
process.stdout.on("error", () => {})
process.stderr.on("error", () => {})

/** As that of NodeRuntime, for more signals, each of which has an exit code of its own. */
const runMain = Runtime.makeRunMain(({ fiber, teardown }) => {
  let received: NodeJS.Signals | undefined
  const giveBack = Signals.take(Signals.ending, (signal) => {
    received = signal
    fiber.interruptUnsafe(fiber.id)
  })
  fiber.addObserver((exit) => {
    giveBack()
    const interrupted = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
    if (received !== undefined && interrupted) process.exit(128 + constants.signals[received])
    teardown(exit, (code) => {
      if (received !== undefined || code !== 0) process.exit(code)
    })
  })
})

run(process.argv.slice(2)).pipe(
  Effect.provide(NodeServices.layer),
  runMain({
    // It would go to stdout, and all has been said.
    disableErrorReporting: true,
    teardown: (exit, onExit) =>
      Exit.isSuccess(exit) ? onExit(exit.value as number) : Runtime.defaultTeardown(exit, onExit)
  })
)
