/**
 * Whether help and errors are coloured. This must be known before the command line is parsed, since its errors are
 * coloured too; hence the look at the raw arguments.
 */
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const asked = (args: ReadonlyArray<string>): string | undefined => {
  const end = args.indexOf("--")
  const flags = end === -1 ? args : args.slice(0, end)
  const at = flags.findLastIndex((arg) => arg === "--color" || arg.startsWith("--color="))
  return at === -1 ? undefined : flags[at]?.includes("=") ? flags[at].slice("--color=".length) : flags[at + 1]
}

/** What the terminal can do, with `--color` taken into account. */
export const layer = (args: ReadonlyArray<string>) =>
  Layer.effect(
    TerminalCapabilities.TerminalCapabilities,
    Effect.gen(function* () {
      const detected = yield* TerminalCapabilities.TerminalCapabilities
      const wanted = asked(args) ?? (yield* Effect.orDie(Config.String("ZK_COLOR").pipe(Config.withDefault("auto"))))
      if (wanted === "always") return { ...detected, canColor: true }
      return wanted === "never" ? { ...detected, canColor: false } : detected
    })
  ).pipe(Layer.provide(TerminalCapabilities.layer))
