/** What the leader decided: changes that every server applies in the same order, each with its zxid and time. */
import type { Acl } from "@effect-zookeeper/core/Acl"

/** What kind of node a create makes; only one of them belongs to a session. */
export type NodeKind = "persistent" | "ephemeral" | "container" | "ttl"

export interface CreateTxn {
  readonly _tag: "create"
  readonly path: string
  readonly data: Uint8Array | null
  readonly acl: ReadonlyArray<Acl>
  readonly kind: NodeKind
  /** In ms, for kind `ttl`; else 0. */
  readonly ttl: number
  /** How many children the parent will ever have had, this one included. */
  readonly parentCVersion: number
  /** Whether the answer carries a Stat, and under which number a multi answers it. */
  readonly answer: "create" | "create2"
}

export type Txn =
  | CreateTxn
  | { readonly _tag: "delete"; readonly path: string }
  | { readonly _tag: "setData"; readonly path: string; readonly data: Uint8Array | null; readonly version: number }
  | { readonly _tag: "setACL"; readonly path: string; readonly acl: ReadonlyArray<Acl>; readonly aversion: number }
  | { readonly _tag: "check" }
  | { readonly _tag: "multi"; readonly txns: ReadonlyArray<Txn> }
  | { readonly _tag: "failedMulti"; readonly codes: ReadonlyArray<number> }
  | { readonly _tag: "error"; readonly code: number }
  | { readonly _tag: "createSession"; readonly timeOut: number }
  | { readonly _tag: "closeSession" }

export interface Transaction {
  readonly zxid: bigint
  /** The leader's wall clock, in ms. */
  readonly time: number
  /** Who asked; the owner of the ephemerals it makes. */
  readonly sessionId: bigint
  readonly txn: Txn
}

/** An identity of a connection. */
export interface Id {
  readonly scheme: string
  readonly id: string
}
