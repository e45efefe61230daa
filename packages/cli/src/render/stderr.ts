/**
 * Standard error: errors, notes and, when asked for, what happens underneath. Never data.
 */
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import { root } from "../connection/flags.ts"
import { printable } from "./bytes.ts"

/** The line that tells why the command failed. */
export const error = Effect.fnUntraced(function* (message: string) {
  const { canColor } = yield* TerminalCapabilities.TerminalCapabilities
  yield* Console.error(`${canColor ? "\u001b[31mzk:\u001b[0m" : "zk:"} ${printable(message)}`)
})

/** Log lines of the client, as plain lines: the time and the fiber mean little to a command that ends at once. */
const logger = Logger.make<unknown, void>(({ fiber, logLevel, message }) => {
  const parts = (Array.isArray(message) ? message : [message]).map(String).join(" ")
  const prefix = logLevel === "Debug" || logLevel === "Info" ? "" : `${logLevel.toLowerCase()}: `
  fiber.getRef(Console.Console).error(`zk: ${prefix}${printable(parts)}`)
})

const level = (flags: { readonly verbose: boolean; readonly quiet: boolean }): LogLevel.LogLevel =>
  flags.verbose ? "Debug" : flags.quiet ? "Error" : "Warn"

/** Log lines go to stderr, as many as `--verbose` and `--quiet` let through. */
export const logging = Layer.unwrap(
  Effect.map(root, (flags) =>
    Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, level(flags)))
  )
)
