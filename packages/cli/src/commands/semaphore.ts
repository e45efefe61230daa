/** `zk semaphore`: runs a program while holding one of so many leases. */
import type { Holder } from "@effect-zookeeper/recipes/Holder"
import * as Semaphore from "@effect-zookeeper/recipes/Semaphore"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Session from "../connection/session.ts"
import { checkGrace, holderFlags, runWhile } from "../exec/holding.ts"
import { countOf } from "../input/count.ts"
import { programArgument } from "../input/program.ts"
import { pathArgument } from "../input/refine.ts"
import * as Value from "../input/value.ts"
import { waitFlag, within } from "../input/wait.ts"
import * as Verb from "../verb.ts"

export const semaphore = Verb.make(
  "semaphore",
  {
    path: pathArgument,
    command: programArgument,
    leases: Flag.Int("leases").pipe(
      Flag.withAlias("n"),
      Flag.withMetavar("N"),
      Flag.withDescription("How many may hold a lease at a time; all must say the same"),
      countOf
    ),
    wait: waitFlag,
    dialect: Flag.Literals("dialect", ["curator", "kazoo"]).pipe(
      Flag.withDescription("Whose programs share the path [curator]"),
      Flag.withDefault("curator" as const)
    ),
    ...holderFlags
  },
  Effect.fnUntraced(function* (input) {
    yield* checkGrace(input.grace)
    const data = yield* Value.read(input.data, Value.plain)
    yield* Session.use((zk) =>
      Effect.scoped(
        Effect.gen(function* () {
          const { dialect, leases, path, stopOn } = input
          const semaphore = yield* Semaphore.make({ path, leases, data, dialect, stopOn })
          const body = (held: Holder) => runWhile(zk, input, held)
          yield* Option.match(input.wait, {
            onNone: () => semaphore.withLease(body),
            onSome: (wait) => within(wait, (options) => semaphore.tryWithLease(body, options))
          })
        })
      )
    )
  })
).pipe(Command.withDescription("Run a program while holding one of N leases"))
