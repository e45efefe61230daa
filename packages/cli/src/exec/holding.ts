/**
 * What the verbs have in common that hold something while a program runs: their flags, and the program under a holder.
 */
import * as Ids from "@effect-zookeeper/core/Ids"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { Holder } from "@effect-zookeeper/recipes/Holder"
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { root } from "../connection/flags.ts"
import { UsageError } from "../errors.ts"
import { duration, refine } from "../input/refine.ts"
import { run } from "./run.ts"

export const dataFlag = Flag.String("data").pipe(
  Flag.withMetavar("VALUE"),
  Flag.withDescription("What the node tells of its holder; - reads stdin, @FILE reads a file"),
  Flag.withDefault("")
)

export const dialectFlag = Flag.Literals("dialect", ["curator", "kazoo", "apache"]).pipe(
  Flag.withDescription("Whose programs share the path [curator]"),
  Flag.withDefault("curator" as const)
)

const stopOnFlag = Flag.Literals("stop-on", ["lease", "suspended"]).pipe(
  Flag.withDescription("End the program before the session can have expired, or when the connection is gone [lease]"),
  Flag.withDefault("lease" as const)
)

const graceFlag = Flag.String("grace").pipe(
  Flag.withMetavar("DURATION"),
  Flag.withDescription("The time between TERM and KILL [an eighth of the session timeout]"),
  refine(duration),
  Flag.optional
)

/** The flags of every verb that holds something. */
export const holderFlags = { data: dataFlag, stopOn: stopOnFlag, grace: graceFlag }

/**
 * The grace in milliseconds, or what is wrong with it. In the best of times the lease has between three quarters of the
 * timeout and a sixth less to go; with a longer grace than half of it the program would be ended for one late heartbeat.
 */
const graceOf = (
  asked: Option.Option<Duration.Duration>,
  timeout: Duration.Duration
): Effect.Effect<number, UsageError> => {
  const longest = Duration.toMillis(timeout) / 2
  const grace = Option.match(asked, { onNone: () => longest / 4, onSome: Duration.toMillis })
  return grace <= longest
    ? Effect.succeed(grace)
    : Effect.fail(
        new UsageError({
          message: `a grace of ${grace} ms does not fit into the lease: with a session timeout of ${2 * longest} ms it can be ${longest} ms`
        })
      )
}

/** Refuses a grace that cannot be right, before anything is connected. */
export const checkGrace = Effect.fnUntraced(function* (asked: Option.Option<Duration.Duration>) {
  const { sessionTimeout } = yield* root
  yield* graceOf(asked, sessionTimeout)
})

export interface Work {
  readonly path: string
  readonly command: { readonly command: string; readonly args: ReadonlyArray<string> }
  readonly grace: Option.Option<Duration.Duration>
}

/** Runs the program while something is held, and ends it in time. */
export const runWhile = Effect.fnUntraced(function* (
  zk: ZooKeeper,
  { command, grace: asked, path }: Work,
  { node }: Holder,
  /** Only where tokens order the holders. */
  fencingToken?: bigint
) {
  const { session } = zk
  const { epoch } = session
  const grace = yield* graceOf(asked, session.negotiatedTimeout)
  const env = {
    ZK_LOCK_PATH: path,
    ZK_LOCK_NODE: node,
    ZK_SESSION_ID: Ids.toHex(session.id),
    // One of a lock around this one would be taken for ours.
    ZK_FENCING_TOKEN: fencingToken === undefined ? undefined : String(fencingToken)
  }
  yield* Effect.logInfo(`${node} holds ${path}; running ${command.command}`)
  // A renewed session has a deadline of its own, which is not that of the holder.
  const deadline = () => (session.epoch === epoch ? session.deadline : -Infinity)
  yield* run({ ...command, env }, { grace, deadline, inFront: true })
})
