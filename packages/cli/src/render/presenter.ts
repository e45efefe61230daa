/**
 * Help and usage errors: help that was asked for is an answer, all else goes to stderr.
 */
import * as CliOutput from "effect/cli/CliOutput"
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { error } from "./stderr.ts"

export const layer = CliOutput.layerPresenter({
  present: Effect.fnUntraced(function* (event) {
    const { canColor } = yield* TerminalCapabilities.TerminalCapabilities
    const formatter = CliOutput.defaultFormatter({ colors: canColor })
    switch (event._tag) {
      case "Help": {
        const help = formatter.formatHelpDoc(event.helpDoc)
        return yield* event.reason === "Requested" ? Console.log(help) : Console.error(help)
      }
      case "InvalidInvocation": {
        for (const { message } of event.errors) yield* error(message)
        return yield* Console.error(`usage: ${event.helpDoc.usage}\nsee: ${event.commandPath.join(" ")} --help`)
      }
      case "Version":
        return yield* Console.log(`${event.name} ${event.version}`)
    }
  })
})
