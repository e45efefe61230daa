/**
 * What a session can do for an application: every operation of ZooKeeper as an Effect.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { LeaseLost } from "../model/LeaseLost.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { Session, SessionInfo } from "../session/Session.ts"
import type { Administration } from "./service/Administration.ts"
import type { Nodes } from "./service/Nodes.ts"
import type { Transactions } from "./service/Transactions.ts"
import type { Watches } from "./service/Watches.ts"

/**
 * A session with a ZooKeeper ensemble.
 *
 * What holds for every operation:
 *
 * - It fails with a `ZooKeeperError`, whose `applied` says whether the server may have done it all the same.
 * - Bad input (a malformed path, an impossible version) fails with `InvalidArgument` before anything is sent.
 * - While the session has no connection it waits, at most for `operationTimeout`, then fails with `Timeout`.
 * - When the connection breaks under it, a read, and a write that had not left, is sent again by the `retry` Schedule;
 *   another write fails with `ConnectionLost` and `applied: "unknown"`.
 * - Once sent, it waits for its answer at most for `operationTimeout` again: a write then fails with `Timeout` and
 *   `applied: "unknown"`.
 * - When the session expires it fails with `SessionExpired`, also if a new session follows; after the end, with the
 *   reason of the end: `Closed`, `SessionExpired`, `AuthFailed`, `ConnectFailed`.
 * - Interrupting it takes it back if it waits, and otherwise drops its answer: the server may do it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ZooKeeper extends Nodes, Transactions, Watches, Administration {
  /** What is known about the session now: its id, state, states as a Stream, deadline and more. */
  readonly session: SessionInfo

  /**
   * Runs the effect while the session certainly lives; interrupts it before the session can have expired, and fails with
   * `LeaseLost`. Asks the leader first when the last confirmed contact is old, and at every heartbeat while it runs. Without
   * a connection it first waits for one, as every operation does. What it cannot cover stands in docs/design.md under "The
   * lease": above all a blocked event loop and uninterruptible code.
   *
   * ```ts
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   * import * as Console from "effect/Console"
   * import * as Effect from "effect/Effect"
   *
   * const serve = Effect.gen(function* () {
   *   const zk = yield* ZooKeeper.ZooKeeper
   *   yield* zk.create("/app/primary", "host:8080", { mode: "ephemeral" })
   *   return yield* zk.whileSession(Effect.never)
   * }).pipe(Effect.catchTag("LeaseLost", ({ why }) => Console.log(`stopped: ${why}`)))
   * ```
   */
  readonly whileSession: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | LeaseLost, R>
  /**
   * Runs the effect while the session is connected; interrupts it as soon as the connection is gone, and fails with
   * `LeaseLost { why: "disconnected" }`, at once where there is no connection now. A connection says nothing about the
   * leader: for mutual exclusion use `whileSession`.
   */
  readonly whileConnected: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | LeaseLost, R>
  /**
   * Goes on with the hosts of another connect string, without its chroot: with the present one if it is among them, and
   * otherwise at once with one of the others. The session stays, with its ephemeral nodes and watches. For ensembles that
   * change while a program runs; what tells of that (`/zookeeper/config`, DNS, a registry) is the program's choice. Fails
   * with `InvalidArgument` for what is no connect string, and with `Unsupported` over an adopted client.
   *
   * ```ts
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   * import * as Effect from "effect/Effect"
   *
   * const grow = Effect.gen(function* () {
   *   const zk = yield* ZooKeeper.ZooKeeper
   *   yield* zk.setHosts("zk1:2181,zk2:2181,zk3:2181,zk4:2181,zk5:2181")
   * })
   * ```
   */
  readonly setHosts: (connect: string) => Effect.Effect<void, ZooKeeperError>
  /**
   * Closes this session for good, its ephemeral nodes with it, and opens a new one in its place: the next epoch. Returns once
   * that is connected. Fails with `Timeout` after `operationTimeout`; the next session is opened all the same. `Unsupported`
   * over an adopted client.
   */
  readonly restart: Effect.Effect<void, ZooKeeperError>
  /**
   * The same session seen from below a path: `namespace("/app").get("/x")` reads `/app/x`. Nothing is created, and closing
   * stays with the session. Throws for what is no path.
   */
  readonly namespace: (path: string) => ZooKeeper
  /** The driver underneath, for recipes and other builders of this kind; paths there are the server's. */
  readonly driver: Session
}

export * from "./service/Administration.ts"
export * from "./service/Nodes.ts"
export * from "./service/Transactions.ts"
export * from "./service/Watches.ts"
