/** `zk create`: a new node of any kind. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { make as makeError, SessionExpired } from "@effect-zookeeper/core/ZooKeeperError"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { root } from "../connection/flags.ts"
import * as Session from "../connection/session.ts"
import { UsageError } from "../errors.ts"
import { modeOf } from "../input/mode.ts"
import { duration, path as plainPath, refine, sequentialPath } from "../input/refine.ts"
import * as Value from "../input/value.ts"
import { print } from "../render/output.ts"
import * as Verb from "../verb.ts"

const flag = (name: string, alias: string | undefined, description: string) => {
  const plain = Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))
  return alias === undefined ? plain : Flag.withAlias(plain, alias)
}

/** Waits for the end of the session, which nobody here asked for. */
const hold = (zk: ZooKeeper, path: string) =>
  zk.session.states.pipe(
    Stream.filter(({ _tag }) => _tag === "Expired" || _tag === "AuthFailed" || _tag === "Closed"),
    Stream.runHead,
    Effect.andThen(
      Effect.failSync(() =>
        makeError(() => ({ operation: "create", path, applied: "no", reason: new SessionExpired() }))
      )
    )
  )

export const create = Verb.make(
  "create",
  {
    path: Argument.String("path").pipe(
      Argument.withDescription("The node's path; with -s it may end in /"),
      refine(sequentialPath)
    ),
    value: Argument.String("value").pipe(
      Argument.withDescription("The data; - reads stdin, @FILE reads a file; none if absent"),
      Argument.withDefault("")
    ),
    parents: flag("parents", "p", "Create missing parents first, empty and persistent"),
    ephemeral: flag("ephemeral", "e", "The node goes when its session ends"),
    sequential: flag("sequential", "s", "The server appends a counter to the name"),
    container: flag("container", undefined, "The server removes the node some time after its last child went"),
    ttl: Flag.String("ttl").pipe(
      Flag.withMetavar("DURATION"),
      Flag.withDescription("The server removes the node when it had no children and no change for so long"),
      refine(duration),
      Flag.optional
    ),
    protected: flag(
      "protected",
      undefined,
      "Put a random id before the name, so that a lost answer makes no second node"
    ),
    hold: flag("hold", undefined, "With -e: keep the session, and so the node, until Ctrl-C"),
    ...Value.encodingFlags
  },
  Effect.fnUntraced(function* (input) {
    const { acl } = yield* root
    const mode = modeOf({ ...input, ttl: Option.isSome(input.ttl) })
    if (mode === undefined) {
      return yield* new UsageError({
        message: "--container stands alone, and --ttl and -e exclude each other"
      })
    }
    if (!input.sequential)
      yield* Effect.mapError(Effect.fromResult(plainPath(input.path)), (message) => new UsageError({ message }))
    if (input.hold && !input.ephemeral) {
      return yield* new UsageError({ message: "--hold is for ephemeral nodes (-e); others stay anyway" })
    }
    const data = yield* Value.read(input.value, input)
    yield* Session.use((zk) =>
      Effect.gen(function* () {
        const [took, path] = yield* Effect.timed(
          zk.create(input.path, data, {
            mode,
            acl: Option.getOrUndefined(acl),
            parents: input.parents,
            protected: input.protected,
            ttl: Option.getOrUndefined(input.ttl)
          })
        )
        yield* Effect.logDebug(`Node ${path} created in ${Math.round(Duration.toMillis(took))} ms`)
        yield* print({ text: Effect.succeed(`${path}\n`), json: () => ({ path }) })
        if (input.hold) return yield* hold(zk, path)
        if (input.ephemeral && !(yield* Session.isLasting)) {
          yield* Effect.logWarning(
            `${path} goes now, with the session of this command; keep it with --hold or --session-file`
          )
        }
      })
    )
  })
).pipe(Command.withDescription("Create a node and print its path"))
