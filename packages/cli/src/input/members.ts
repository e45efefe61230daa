/**
 * Servers of an ensemble as the user names them: on the command line, or as a whole in a file.
 */
import * as Ids from "@effect-zookeeper/core/Ids"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { parse } from "../configuration.ts"
import { InputError } from "../errors.ts"
import * as Value from "./value.ts"

const listOf =
  (pattern: RegExp, problem: (item: string) => string) =>
  (text: string): Result.Result<ReadonlyArray<string>, string> => {
    const items = text.split(",")
    const bad = items.find((item) => !pattern.test(item))
    return bad === undefined ? Result.succeed(items) : Result.fail(problem(bad))
  }

/** Servers to add: `server.4=host:2888:3888;2181,...`. */
export const servers = listOf(
  /^server\.\d+=\S+$/,
  (item) => `'${item}' is not a server such as server.4=host:2888:3888;2181`
)

/** Servers to remove: `3,4`. */
export const ids = listOf(/^\d+$/, (item) => `'${item}' is not the id of a server, the N of its server.N`)

/** The version of a configuration, in hexadecimal as the configuration has it. */
export const version = (text: string): Result.Result<bigint, string> => {
  const id = Ids.fromHex(text.startsWith("0x") ? text : `0x${text}`)
  return id === undefined || id < 0n
    ? Result.fail(`'${text}' is not the version of a configuration, which zk config shows in hexadecimal`)
    : Result.succeed(id)
}

const line = /^(?:server|group|weight)\.\d+=\S+$/

/** A whole membership in a file (`-`: standard input), and the version that it was made from if the file has one. */
export const read = Effect.fnUntraced(function* (file: string) {
  const wrong = (problem: string) => new InputError({ message: `${file} holds no membership: ${problem}` })
  const bytes = yield* Value.read(file === "-" ? file : `@${file}`, Value.plain)
  const found = parse(new TextDecoder().decode(bytes))
  const bad = found.members.find((member) => !line.test(member))
  if (bad !== undefined) {
    return yield* wrong(`'${bad}' is none of server.N=..., group.N=..., weight.N=... and version=...`)
  }
  if (!found.members.some((member) => member.startsWith("server."))) return yield* wrong("it names no server")
  const from =
    found.version === undefined ? undefined : yield* Effect.mapError(Effect.fromResult(version(found.version)), wrong)
  return { members: found.members, from }
})
