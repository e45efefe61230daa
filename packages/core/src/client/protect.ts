/**
 * Creates whose answer may be lost: a random id in the node's name tells whether an earlier try was done, so that none is
 * done twice and none is left behind (CURATOR-45, CURATOR-79).
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as CreateMode from "../model/CreateMode.ts"
import * as Path from "../model/Path.ts"
import { SessionExpired, type ZooKeeperError } from "../model/ZooKeeperError.ts"
import { catchUp } from "./catchUp.ts"
import { failure, invalid, once, type View } from "./Attempt.ts"
import { ask, check } from "./create.ts"
import type { Data } from "./Data.ts"
import { children, deleteOne, exists } from "./nodes.ts"
import { isLost, isUnanswered } from "./passing.ts"
import { guarantee } from "./guaranteed.ts"
import type { CreateOptions } from "./service/Nodes.ts"

/** Curator's prefix, so that its programs can tell such names too. */
const PREFIX = "_c_"

/** It waited for a connection until its time was over. */
const neverLeft = ({ applied, reason }: ZooKeeperError): boolean => reason._tag === "Timeout" && applied === "no"

/**
 * Creates a node with a protected name. After a loss the session syncs and looks for the name; a node counts only if
 * this session owns it (CURATOR-498), and nothing is continued after the session's end.
 */
export const create = (
  view: View,
  path: string,
  data: Data,
  options: CreateOptions
): Effect.Effect<string, ZooKeeperError> =>
  Effect.suspend(() => {
    const { info } = view.session
    const parent = Path.parent(path)
    const given = typeof options.protected === "string"
    const mark = given ? String(options.protected) : `${PREFIX}${crypto.randomUUID()}-`
    const name = Path.name(path)
    if (given && (mark === "" || !name.startsWith(mark))) {
      return invalid(view, "create", path, `the name '${name}' does not begin with '${mark}', which is to protect it`)
    }
    const creation = check(view, given ? path : Path.join(parent, mark + name), data, options)
    if (typeof creation === "string") return invalid(view, "create", path, creation)
    const { epoch } = info
    const isEphemeral = CreateMode.isEphemeral(creation.mode)
    const over = failure(view, "create", path, new SessionExpired(), "unknown")

    // A create that was asked for between two sessions went out with the next one: what is found tells whose it is.
    const find: Effect.Effect<Option.Option<string>, ZooKeeperError> = Effect.gen(function* () {
      yield* catchUp(view, parent)
      const names = yield* Effect.catchReason(children(view, parent), "ZooKeeperError", "NoNode", () =>
        Effect.succeed([])
      )
      const name = names.find((name) => name.startsWith(mark))
      if (name !== undefined) {
        const node = Path.join(parent, name)
        const stat = yield* exists(view, node)
        if (Option.isSome(stat)) {
          return !isEphemeral || stat.value.ephemeralOwner === info.id ? Option.some(node) : yield* over
        }
      }
      return info.epoch === epoch || epoch === 0 ? Option.none() : yield* over
    })

    /** Nobody wants the node any more: it goes as soon as it can be found, and there is room to look for it. */
    const removeOrphan = (created: string | undefined): void => {
      const found = created === undefined ? find : Effect.succeedSome(created)
      const removal = Effect.flatMap(found, (node) =>
        Option.isNone(node) ? Effect.void : deleteOne(view, node.value, undefined)
      )
      view.background(Effect.ignore(guarantee(view, removal)))
    }

    const send = once({ ...ask(view, path, creation), orphaned: removeOrphan })
    // Whatever comes in the way of the search, the create that it is about may have been done.
    const search = Effect.mapError(find, ({ reason }) => failure(view, "create", path, reason, "unknown"))
    const findOrSend = Effect.flatMap(search, (found) => (Option.isSome(found) ? Effect.succeed(found.value) : send))
    const mayBeDone = (error: ZooKeeperError): boolean => isUnanswered(error) && !neverLeft(error)
    return Effect.catchIf(send, mayBeDone, () =>
      Effect.onError(Effect.retry(findOrSend, { schedule: view.retry, while: isLost }), () =>
        Effect.sync(() => removeOrphan(undefined))
      )
    )
  })
