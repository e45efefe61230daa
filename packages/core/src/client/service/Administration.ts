/**
 * Questions and orders to the ensemble and its servers, not to nodes.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type * as FourLetterWord from "../../wire/FourLetterWord.ts"
import type { Node } from "../Data.ts"

/**
 * A change of the ensemble's membership: either `members`, or `joining`, `leaving` or both.
 *
 * @category options
 * @since 0.1.0
 */
export interface ReconfigOptions {
  /** `server.4=host:2888:3888;2181` entries to add or change. */
  readonly joining?: ReadonlyArray<string> | undefined
  /** Server ids to remove. */
  readonly leaving?: ReadonlyArray<string> | undefined
  /** The whole new membership, instead of the two others. */
  readonly members?: ReadonlyArray<string> | undefined
  /** The version that the configuration must have, which its text shows in hexadecimal, else `BadVersion`; absent for any. */
  readonly from?: bigint | undefined
}

/**
 * The ensemble, and who this session is to it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Administration {
  /** The identities of this connection (3.7 and later). */
  readonly whoAmI: Effect.Effect<ReadonlyArray<{ readonly scheme: string; readonly id: string }>, ZooKeeperError>
  /**
   * Logs in with one more identity, now and on every later connection. Identities are never taken away. A login that the
   * server refuses fails with `AuthFailed` and ends the session; without a connection this succeeds, and the login is made,
   * and may be refused, on the next one.
   */
  readonly addAuth: (scheme: string, credentials: Redacted.Redacted) => Effect.Effect<void, ZooKeeperError>
  /** The ensemble's configuration: the node `/zookeeper/config`, whose data is text. It stands outside of every chroot. */
  readonly config: Effect.Effect<Node, ZooKeeperError>
  /**
   * Changes the ensemble's membership, and gives the new configuration. Fails with `ReconfigDisabled`,
   * `ReconfigInProgress`, `NewConfigNoQuorum`, `BadVersion`, `NoAuth`, and with `InvalidArgument` for a change that names no
   * server.
   */
  readonly reconfig: (options: ReconfigOptions) => Effect.Effect<Node, ZooKeeperError>
  /**
   * Asks one server for its state, over a connection of its own and within the session timeout: the connected one, or the
   * one of `zk.session.hosts` that is named. A word that the server does not allow is an answer, not a failure. Fails with
   * `ConnectFailed` when there is no answer. The module `FourLetterWord` asks without a session.
   */
  readonly fourLetterWord: <W extends FourLetterWord.Word>(
    word: W,
    host?: string
  ) => Effect.Effect<FourLetterWord.Answer<W>, ZooKeeperError>
}
