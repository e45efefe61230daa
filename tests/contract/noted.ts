/** The service with a note of everything in it that worked, and of everything that its driver has no way to do. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

export interface Notes {
  /** All that there is, as `get` or `changes.data`. */
  readonly all: Set<string>
  readonly worked: Set<string>
  readonly unsupported: Set<string>
}

/** Not for applications to call: what is known about the session, and the seam itself. */
const NO_OPERATION: ReadonlySet<string> = new Set(["session", "driver"])

const isUnsupported = (error: unknown): boolean =>
  (error as { readonly reason?: { readonly _tag?: string } } | undefined)?.reason?._tag === "Unsupported"

/** The same service; what it does is written down in `notes`. */
export const noted = (zk: ZooKeeper, notes: Notes): ZooKeeper => {
  const { all, unsupported, worked } = notes
  const watched = (name: string, result: unknown): unknown => {
    if (Stream.isStream(result)) {
      return result.pipe(
        Stream.tap(() => Effect.sync(() => worked.add(name))),
        Stream.tapError((error) => Effect.sync(() => isUnsupported(error) && unsupported.add(name)))
      )
    }
    if (Effect.isEffect(result)) {
      return result.pipe(
        Effect.tap(() => Effect.sync(() => worked.add(name))),
        Effect.tapError((error) => Effect.sync(() => isUnsupported(error) && unsupported.add(name)))
      )
    }
    worked.add(name)
    return name === "namespace" ? noted(result as ZooKeeper, notes) : result
  }
  const entry = (name: string, value: unknown): unknown => {
    if (NO_OPERATION.has(name)) return value
    if (typeof value === "object" && value !== null && !Effect.isEffect(value)) return entries(value, `${name}.`)
    all.add(name)
    return typeof value === "function"
      ? (...args: ReadonlyArray<unknown>) =>
          watched(name, (value as (...args: ReadonlyArray<unknown>) => unknown)(...args))
      : watched(name, value)
  }
  const entries = (object: object, prefix: string): object =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, entry(prefix + key, value)]))
  return entries(zk, "") as ZooKeeper
}
