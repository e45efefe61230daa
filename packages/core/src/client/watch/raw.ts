/** The events of a persistent watch as a Stream, with a mark wherever some may be missing. */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Path from "../../model/Path.ts"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import { Closed, type Reason, Unsupported, type ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { WatchElement, WatchOptions } from "../service/Watches.ts"
import { at, failure, invalid, type View } from "../Attempt.ts"
import { type Elements, Following } from "./Following.ts"

const BUFFER = 4096
const RESYNC: WatchElement = { _tag: "Resync" }

const noLasting = ({ session }: View): Unsupported => {
  const why = session.unsupported("addWatch") ?? "this server has no persistent watches (ZooKeeper 3.6)"
  return new Unsupported({ detail: `${why}; follow the node with \`changes\`` })
}

class RawWatch extends Following<WatchElement> {
  private readonly view: View
  private readonly path: string
  readonly recursive: boolean
  private readonly limit: number
  private pending: Array<WatchElement> | undefined
  private ended: Reason | undefined
  private hasGap = false

  constructor(view: View, path: string, recursive: boolean, limit: number) {
    super(view.hub)
    this.view = view
    this.path = path
    this.recursive = recursive
    this.limit = limit
  }

  onEvent(event: WatchEvent): void {
    const { root } = this.view
    this.push({ _tag: "Event", event: root === "" ? event : { ...event, path: Path.strip(root, event.path) } })
  }

  /** Told once the watch is registered again: what changes from then on is told. */
  onGap(): void {
    if (this.view.session.watches.isReplaying) this.hasGap = true
    else this.push(RESYNC)
  }

  onReplayed(): void {
    if (this.hasGap) this.push(RESYNC)
    this.hasGap = false
  }

  onDowngrade(): void {
    this.end(noLasting(this.view))
  }

  onEnd(): void {
    this.end(this.view.session.over ?? new Closed())
  }

  private push(element: WatchElement): void {
    const { pending } = this
    if (pending === undefined) {
      this.pending = [element]
      this.wake()
    } else if (pending.length >= this.limit) this.pending = [RESYNC]
    else if (element !== RESYNC || pending.at(-1) !== RESYNC) pending.push(element)
  }

  private end(reason: Reason): void {
    this.ended = reason
    this.wake()
  }

  protected take(): Elements<WatchElement> | undefined {
    const { ended, pending } = this
    if (pending !== undefined) {
      this.pending = undefined
      return Effect.succeed(pending as unknown as Arr.NonEmptyReadonlyArray<WatchElement>)
    }
    return ended === undefined ? undefined : Effect.fail(failure(this.view, "watch", this.path, ended, "no"))
  }
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
      const watch = new RawWatch(view, path, options?.recursive ?? false, limit)
      return view.hub.watch(view, path, watch, (kind) =>
        kind === "lasting"
          ? Effect.succeed(watch.stream)
          : Effect.fail(failure(view, "watch", path, noLasting(view), "no"))
      )
    })
  )
