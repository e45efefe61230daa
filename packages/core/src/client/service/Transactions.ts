/**
 * Several nodes in one request, and a node's data read and replaced as one step.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { Stat } from "../../model/Stat.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { Data, Node } from "../Data.ts"
import type { Op, Read } from "../Op.ts"

/**
 * What is done as a whole or not at all.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transactions {
  /**
   * Does all operations or none of them; the result is the tuple of their results. Fails with `TransactionFailed`, which
   * names the operation that failed (`index` counts from 0) and why. A transaction whose answer was lost is not repeated.
   *
   * ```ts
   * import * as Op from "@effect-zookeeper/core/Op"
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   * import * as Console from "effect/Console"
   * import * as Effect from "effect/Effect"
   *
   * const move = Effect.gen(function* () {
   *   const zk = yield* ZooKeeper.ZooKeeper
   *   const { data, stat } = yield* zk.get("/jobs/new/7")
   *   const [path] = yield* zk.transact(
   *     Op.create("/jobs/done/7", data),
   *     Op.delete("/jobs/new/7", { version: stat.version })
   *   )
   *   yield* Console.log(path)
   * }).pipe(
   *   Effect.catchReason("ZooKeeperError", "TransactionFailed", ({ index, name }) => Console.log(index, name))
   * )
   * ```
   */
  readonly transact: <const Ops extends ReadonlyArray<Op<any>>>(
    ...ops: Ops
  ) => Effect.Effect<Op.Results<Ops>, ZooKeeperError>
  /** Several reads in one request (3.6 and later); each has a `Result` of its own, so that one may fail alone. */
  readonly multiRead: <const Reads extends ReadonlyArray<Read<any>>>(
    ...reads: Reads
  ) => Effect.Effect<Read.Results<Reads>, ZooKeeperError>
  /**
   * Replaces the data by what `f` makes of it, if nobody else did meanwhile; else reads and tries again by `retry`, and fails
   * with `BadVersion` when that ends. Fails with `NoNode` where there is none. A write whose answer was lost fails with
   * `applied: "unknown"`, since another client may have written the same bytes; `idempotent` says that `f` may be applied
   * twice, and tries again then too.
   *
   * ```ts
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   *
   * const count = ZooKeeper.ZooKeeper.use((zk) =>
   *   zk.update("/app/visits", (node) => String(Number(ZooKeeper.text(node)) + 1))
   * )
   * ```
   */
  readonly update: <E = never, R = never>(
    path: string,
    f: (node: Node) => Data | Effect.Effect<Data, E, R>,
    options?: { readonly idempotent?: boolean | undefined }
  ) => Effect.Effect<Stat, ZooKeeperError | E, R>
}
