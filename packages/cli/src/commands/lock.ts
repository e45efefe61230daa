/** `zk lock`: runs a program while holding a lock. */
import type { ExclusiveHolder } from "@effect-zookeeper/recipes/Holder"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Session from "../connection/session.ts"
import { checkGrace, dialectFlag, holderFlags, runWhile } from "../exec/holding.ts"
import { programArgument } from "../input/program.ts"
import { pathArgument } from "../input/refine.ts"
import * as Value from "../input/value.ts"
import { waitFlag, within } from "../input/wait.ts"
import * as Verb from "../verb.ts"

export const lock = Verb.make(
  "lock",
  {
    path: pathArgument,
    command: programArgument,
    wait: waitFlag,
    dialect: dialectFlag,
    ...holderFlags
  },
  Effect.fnUntraced(function* (input) {
    yield* checkGrace(input.grace)
    const data = yield* Value.read(input.data, Value.plain)
    yield* Session.use((zk) =>
      Effect.gen(function* () {
        const { path, dialect, stopOn } = input
        const lock = yield* Lock.make({ path, data, dialect, stopOn })
        const body = (held: ExclusiveHolder) => runWhile(zk, input, held, held.fencingToken)
        yield* Option.match(input.wait, {
          onNone: () => lock.withLock(body),
          onSome: (wait) => within(wait, (options) => lock.tryWithLock(body, options))
        })
      })
    )
  })
).pipe(Command.withDescription("Run a program while holding a lock"))
