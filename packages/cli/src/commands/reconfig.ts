/** `zk reconfig`: other members for the ensemble. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Session from "../connection/session.ts"
import { UsageError } from "../errors.ts"
import * as Members from "../input/members.ts"
import { refine } from "../input/refine.ts"
import { printConfiguration } from "../render/configuration.ts"
import * as Verb from "../verb.ts"

export const reconfig = Verb.make(
  "reconfig",
  {
    add: Flag.String("add").pipe(
      Flag.withMetavar("SERVER,..."),
      Flag.withDescription("Servers to add or change, such as 'server.4=host:2888:3888;2181'"),
      refine(Members.servers),
      Flag.optional
    ),
    remove: Flag.String("remove").pipe(
      Flag.withMetavar("ID,..."),
      Flag.withDescription("The ids of servers to remove"),
      refine(Members.ids),
      Flag.optional
    ),
    file: Flag.String("file").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("All members there shall be, as zk config prints them; - reads stdin"),
      Flag.optional
    ),
    version: Flag.String("version").pipe(
      Flag.withMetavar("HEX"),
      Flag.withDescription("The version that the configuration must have; that of --file, or any, if absent"),
      refine(Members.version),
      Flag.optional
    )
  },
  Effect.fnUntraced(function* ({ add, file, remove, version }) {
    const changes = Option.isSome(add) || Option.isSome(remove)
    if (changes === Option.isSome(file)) {
      return yield* new UsageError({ message: "give either --file, or --add and --remove" })
    }
    const whole = Option.isSome(file) ? yield* Members.read(file.value) : undefined
    const node = yield* Session.use((zk) =>
      zk.reconfig({
        joining: Option.getOrUndefined(add),
        leaving: Option.getOrUndefined(remove),
        members: whole?.members,
        from: Option.getOrElse(version, () => whole?.from)
      })
    )
    yield* printConfiguration(node)
  })
).pipe(Command.withDescription("Change the members of the ensemble, and print them"))
