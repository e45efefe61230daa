/** What kazoo's NonBlockingLease has in its node: who holds the lease, and until when by the clock of who wrote it. */
import { type Node, text } from "@effect-zookeeper/core/ZooKeeper"
import { DecodeFailed, ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** The name of the node, below that of the lease (kazoo/recipe/lease.py, 2.11.0). */
export const NAME = "lease_holder"

const VERSION = 1

export interface Record {
  readonly holder: string
  /** Milliseconds since 1970, of whole seconds. */
  readonly end: number
}

/** kazoo has UTC, without a zone and in whole seconds; what is less is cut off. */
export const wholeSeconds = (time: number): number => Math.floor(time / 1000) * 1000

export const encode = ({ end, holder }: Record): string =>
  JSON.stringify({ version: VERSION, holder, end: new Date(end).toISOString().slice(0, "2000-01-01T00:00:00".length) })

const parse = Option.liftThrowable((json: string): unknown => JSON.parse(json))

const timeOf = (end: unknown): number =>
  typeof end === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(end) ? Date.parse(`${end}Z`) : Number.NaN

/** None for another version: nobody knows whether that lease is over. Fails with `DecodeFailed` for what is no lease. */
export const decode = (path: string, node: Node): Effect.Effect<Option.Option<Record>, ZooKeeperError> => {
  const said = text(node)
  const { end, holder, version } = Object(Option.getOrUndefined(parse(said))) as { readonly [field: string]: unknown }
  if (version !== undefined && version !== VERSION) return Effect.succeedNone
  const time = timeOf(end)
  if (version === VERSION && typeof holder === "string" && !Number.isNaN(time)) {
    return Effect.succeedSome({ holder, end: time })
  }
  const reason = new DecodeFailed({
    detail: `'${said.slice(0, 80)}' is no lease of kazoo's; delete the node if nobody holds it`
  })
  return Effect.fail(new ZooKeeperError({ operation: "decode", path, applied: "no", reason }))
}
