/** The events of a persistent watch as a Stream, with a mark wherever some may be missing. */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Path from "../../model/Path.ts"
import { Closed, type Reason, Unsupported, type ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { WatchElement, WatchOptions } from "../Service.ts"
import { at, failure, invalid, type View } from "../Attempt.ts"

const BUFFER = 4096
const RESYNC: WatchElement = { _tag: "Resync" }

const noLasting = ({ session }: View): Unsupported => {
  const why = session.unsupported("addWatch") ?? "this server has no persistent watches (ZooKeeper 3.6)"
  return new Unsupported({ detail: `${why}; follow the node with \`changes\`` })
}

/**
 * Registers the watch and gives its events. A consumer that is more than `buffer` events behind gets one `Resync` in
 * their place: memory is bounded, and nothing is lost without a word.
 */
export const watchScoped = (
  view: View,
  path: string,
  options?: WatchOptions
): Effect.Effect<Stream.Stream<WatchElement, ZooKeeperError>, ZooKeeperError, Scope.Scope> =>
  at(view, "watch", path, () =>
    Effect.suspend(() => {
      const limit = options?.buffer ?? BUFFER
      if (!(Number.isSafeInteger(limit) && limit > 0)) {
        return invalid(view, "watch", path, `buffer must be a whole number of at least 1, not ${limit}`)
      }
      const ready = Latch.makeUnsafe()
      let pending: Array<WatchElement> = []
      let ended: Reason | undefined
      const end = (reason: Reason) => {
        ended = reason
        ready.openUnsafe()
      }
      const push = (element: WatchElement) => {
        if (pending.length >= limit) pending = [RESYNC]
        else if (element !== RESYNC || pending.at(-1) !== RESYNC) pending.push(element)
        ready.openUnsafe()
      }
      const registered = view.hub.watch(view, path, {
        recursive: options?.recursive ?? false,
        onEvent: (event) =>
          push({
            _tag: "Event",
            event: view.root === "" ? event : { ...event, path: Path.strip(view.root, event.path) }
          }),
        onGap: () => push(RESYNC),
        onDowngrade: () => end(noLasting(view)),
        onEnd: () => end(view.session.over ?? new Closed())
      })
      const pull: Effect.Effect<Arr.NonEmptyReadonlyArray<WatchElement>, ZooKeeperError> = Effect.suspend(() => {
        const elements = pending
        if (elements.length > 0) {
          pending = []
          return Effect.succeed(elements as unknown as Arr.NonEmptyReadonlyArray<WatchElement>)
        }
        if (ended !== undefined) return Effect.fail(failure(view, "watch", path, ended, "no"))
        ready.closeUnsafe()
        return Effect.andThen(ready.await, pull)
      })
      return Effect.flatMap(registered, (kind) =>
        kind === "lasting"
          ? Effect.succeed(Stream.fromPull(Effect.succeed(pull)))
          : Effect.fail(failure(view, "watch", path, noLasting(view), "no"))
      )
    })
  )
