/**
 * Where a session stands, as values that users match on.
 *
 * @since 0.1.0
 */

/**
 * - `Connecting`: no session yet, or none any more (also while a new one is opened after an expiry);
 * - `Connected`: the server answered the handshake and every login; `readOnly` when it has no quorum;
 * - `Suspended`: the connection is gone and the session may still live; until `deadline`, in ms since 1970,
 *   it certainly does, see `zk.session.deadline`;
 * - `Expired`: the session is gone, with its ephemerals and watches; final where `onExpired` is `fail`;
 * - `AuthFailed`: a login was refused; final;
 * - `Closed`: closed by its owner, or given up when no server could be had (`connectTimeout`, the end of the `reconnect`
 *   Schedule; the server may keep it until its timeout); final.
 *
 * @category models
 * @since 0.1.0
 */
export type SessionState =
  | { readonly _tag: "Connecting" }
  | { readonly _tag: "Connected"; readonly readOnly: boolean }
  | { readonly _tag: "Suspended"; readonly deadline: number }
  | { readonly _tag: "Expired" }
  | { readonly _tag: "AuthFailed" }
  | { readonly _tag: "Closed" }
