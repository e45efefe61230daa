/** `zk shell`: command lines one after the other, all with one session. */
import * as Command from "effect/cli/Command"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { root } from "../connection/flags.ts"
import * as Session from "../connection/session.ts"
import { CommandEnded, InputError } from "../errors.ts"
import * as Stderr from "../render/stderr.ts"
import { asEnvironment } from "../shell/given.ts"
import { perform, type Run } from "../shell/line.ts"
import { Shell } from "../shell/Shell.ts"
import * as Verb from "../verb.ts"

/** Lines from standard input, up to the first that fails: what follows may rest on it. */
const read = Effect.fnUntraced(function* <R>(run: Run<R>) {
  const { stdin } = yield* Stdio.Stdio
  let number = 0
  const goesOn = Effect.fnUntraced(function* (text: string) {
    number++
    const outcome = yield* perform(run, text)
    if (outcome === "last" || outcome === 0) return outcome === 0
    yield* Stderr.error(`line ${number} was the last, because it failed`)
    return yield* new CommandEnded({ status: outcome })
  })
  yield* stdin.pipe(
    Stream.mapError((error) => new InputError({ message: `cannot read standard input: ${error.message}` })),
    Stream.decodeText,
    Stream.splitLines,
    Stream.mapEffect(goesOn),
    Stream.takeWhile((goesOn) => goesOn),
    Stream.runDrain
  )
})

/** `run` runs any of the other verbs. */
export const make = <R>(run: Run<R>, verbs: ReadonlyArray<string>) =>
  Verb.make("shell", {}, () =>
    Effect.gen(function* () {
      const stdio = yield* Stdio.Stdio
      const { connect } = yield* root
      const isInteractive = (yield* stdio.stdinIsTerminal) && (yield* stdio.stdoutIsTerminal)
      const env = ConfigProvider.fromEnvRecord({ ...process.env, ...asEnvironment(yield* stdio.args) })
      yield* Session.use((zk) =>
        Effect.gen(function* () {
          if (!isInteractive) return yield* read(run)
          // No other verb needs it, and all of them are to start fast.
          const { typed } = yield* Effect.promise(() => import("../shell/typed.ts"))
          yield* typed(zk, run, verbs, connect)
        }).pipe(
          Effect.provideService(Shell, { zk, isInteractive }),
          Effect.provideService(ConfigProvider.ConfigProvider, env)
        )
      )
    })
  ).pipe(
    Command.withDescription("Run command lines with one session: those that are typed, or those of standard input")
  )
