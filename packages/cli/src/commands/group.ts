/** `zk group`: joins a group, and tells who is in it. */
import * as Ids from "@effect-zookeeper/core/Ids"
import * as Group from "@effect-zookeeper/recipes/Group"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Session from "../connection/session.ts"
import { dataFlag, dialectFlag } from "../exec/holding.ts"
import { GRACE, run } from "../exec/run.ts"
import { optionalProgramArgument } from "../input/program.ts"
import { pathArgument } from "../input/refine.ts"
import * as Value from "../input/value.ts"
import * as RenderBytes from "../render/bytes.ts"
import { line, print, write } from "../render/output.ts"
import * as Verb from "../verb.ts"

const toJson = ({ data, id }: Group.Member) => ({ id, value: RenderBytes.toJson(data) })

const join = Verb.make(
  "group join",
  {
    path: pathArgument,
    name: Argument.String("name").pipe(Argument.withDescription("As whom to join")),
    command: optionalProgramArgument,
    data: dataFlag,
    dialect: dialectFlag
  },
  Effect.fnUntraced(function* ({ command, dialect, name, path, ...input }) {
    const data = yield* Value.read(input.data, Value.plain)
    yield* Session.use((zk) =>
      Effect.scoped(
        Effect.gen(function* () {
          const group = yield* Group.make({ path, dialect })
          const node = yield* group.join(name, data)
          yield* Effect.logInfo(`${name} is in ${path} as ${node.path}`)
          const kept = Stream.runDrain(node.presence)
          if (command === undefined) return yield* kept
          const env = { ZK_GROUP_PATH: path, ZK_GROUP_NODE: node.path, ZK_SESSION_ID: Ids.toHex(zk.session.id) }
          yield* Effect.raceFirst(run({ ...command, env }, { grace: GRACE, inFront: true }), kept)
        })
      )
    )
  })
).pipe(Command.withDescription("Be a member until Ctrl-C, or while a program runs"))

const list = Verb.make(
  "group list",
  { path: pathArgument },
  Effect.fnUntraced(function* ({ path }) {
    const members = yield* Session.use(() =>
      Effect.scoped(Effect.flatMap(Group.make({ path }), ({ members }) => members))
    )
    const items = () => members.map(toJson)
    yield* print({
      text: Effect.sync(() => members.map(({ id }) => `${RenderBytes.printable(id)}\n`).join("")),
      json: () => ({ path, members: items() }),
      items
    })
  })
).pipe(Command.withDescription("Print the names of the members"))

const watch = Verb.make("group watch", { path: pathArgument }, ({ path }) =>
  Session.use(() =>
    Effect.scoped(
      Effect.flatMap(Group.make({ path }), ({ observe }) =>
        Stream.runForEach(observe, (members) => write(line({ path, members: members.map(toJson) })))
      )
    )
  )
).pipe(Command.withDescription("Print the members now and after every change, as NDJSON"))

export const group = Command.make("group").pipe(
  Command.withDescription("Join a group, or tell who is in it"),
  Command.withSubcommands([join, list, watch])
)
