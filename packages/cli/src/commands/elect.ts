/** `zk elect`: runs a program while leading, or tells who leads. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Election from "@effect-zookeeper/recipes/Election"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Session from "../connection/session.ts"
import { UsageError } from "../errors.ts"
import { checkGrace, dialectFlag, holderFlags, runWhile, type Work } from "../exec/holding.ts"
import { countOf } from "../input/count.ts"
import { optionalProgramArgument } from "../input/program.ts"
import { pathArgument } from "../input/refine.ts"
import * as Value from "../input/value.ts"
import * as RenderBytes from "../render/bytes.ts"
import { line, write } from "../render/output.ts"
import * as Verb from "../verb.ts"

const lineOf = (path: string, leaders: ReadonlyArray<Election.Candidate>): string =>
  line({ path, leaders: leaders.map(({ data, node }) => ({ node, value: RenderBytes.toJson(data) })) })

/** A candidate again whenever the lead was lost, whoever noticed it first. */
const lead = (zk: ZooKeeper, election: Election.Election, work: Work) => {
  const tell = Effect.logWarning(`the lead of ${work.path} is lost; a candidate again`)
  const program = (leader: Election.Leader) =>
    runWhile(zk, work, leader, leader.fencingToken).pipe(
      Effect.tapErrorTag("LeaseLost", () => tell),
      Effect.onInterrupt(() => tell)
    )
  // Nobody here resigns.
  const leading = Effect.catchTag(election.whileLeader(program), "Resigned", Effect.die)
  return Effect.retry(leading, { while: ({ _tag }) => _tag === "LeaseLost" })
}

export const elect = Verb.make(
  "elect",
  {
    path: pathArgument,
    command: optionalProgramArgument,
    leaders: Flag.Int("leaders").pipe(
      Flag.withAlias("n"),
      Flag.withMetavar("N"),
      Flag.withDescription("How many lead at a time; all must say the same [1]"),
      Flag.withDefault(1),
      countOf
    ),
    observe: Flag.Boolean("observe").pipe(
      Flag.withDescription("Be no candidate: print who leads, now and after every change, as NDJSON"),
      Flag.withDefault(false)
    ),
    dialect: dialectFlag,
    ...holderFlags
  },
  Effect.fnUntraced(function* (input) {
    const { command, dialect, leaders, observe, path, stopOn } = input
    if (observe === (command !== undefined)) {
      return yield* new UsageError({ message: "give either a program to run while leading or --observe" })
    }
    yield* checkGrace(input.grace)
    const data = yield* Value.read(input.data, Value.plain)
    yield* Session.use((zk) =>
      Effect.scoped(
        Effect.gen(function* () {
          const election = yield* Election.make({ path, leaders, data, dialect, stopOn })
          yield* command === undefined
            ? Stream.runForEach(election.observe, (present) => write(lineOf(path, present)))
            : lead(zk, election, { ...input, command })
        })
      )
    )
  })
).pipe(Command.withDescription("Run a program while leading, or tell who leads"))
