/** `zk rm`: removes a node, or everything below it too. */
import * as ConnectString from "@effect-zookeeper/core/ConnectString"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { root } from "../connection/flags.ts"
import * as Session from "../connection/session.ts"
import { UsageError } from "../errors.ts"
import { pathArgument } from "../input/refine.ts"
import { versionFlag } from "../input/version.ts"
import { print } from "../render/output.ts"
import * as Verb from "../verb.ts"

/** The root of what the user sees, and the server's own nodes: removed by a slip, they cannot be had back. */
const isRefused = (path: string, connect: string): boolean => {
  const chroot = Result.match(ConnectString.parse(connect), { onFailure: () => "", onSuccess: ({ chroot }) => chroot })
  return path === "/" || `${chroot}${path}` === "/zookeeper"
}

export const rm = Verb.make(
  "rm",
  {
    path: pathArgument,
    recursive: Flag.Boolean("recursive").pipe(
      Flag.withAlias("r"),
      Flag.withDescription("Remove everything below it first"),
      Flag.withDefault(false)
    ),
    version: versionFlag("The data version that the node must have; any if absent")
  },
  Effect.fnUntraced(function* ({ path, recursive, version }) {
    const { connect } = yield* root
    if (isRefused(path, connect)) {
      return yield* new UsageError({ message: "it is never removed; name the nodes below it" })
    }
    yield* Session.use((zk) => zk.delete(path, { recursive, version: Option.getOrUndefined(version) }))
    yield* print({ text: Effect.succeed(""), json: () => ({ path }) })
  })
).pipe(Command.withDescription("Remove a node"))
