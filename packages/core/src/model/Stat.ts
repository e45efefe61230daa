/**
 * What ZooKeeper knows about a node besides its data.
 *
 * @since 0.1.0
 */

/**
 * The eleven fields that a server keeps for each node. Transaction ids and the owner are 64-bit, so they are bigints;
 * times are milliseconds since 1970 by the leader's wall clock.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stat {
  /** The transaction that created the node. Grows with every creation anywhere: a fencing token. */
  readonly czxid: bigint
  /** The transaction that last changed the data. */
  readonly mzxid: bigint
  /** When the node was created, in ms. */
  readonly ctime: number
  /** When the data last changed, in ms. */
  readonly mtime: number
  /** How often the data was changed; what a conditional `set` or `delete` compares. */
  readonly version: number
  /** How often the children changed (creations plus deletions). */
  readonly cversion: number
  /** How often the ACL changed; what a conditional `setAcl` compares. */
  readonly aversion: number
  /** The session that owns this ephemeral node, else `0n` (also for container and TTL nodes). */
  readonly ephemeralOwner: bigint
  /** The length of the data in bytes; 0 for empty data and for none. */
  readonly dataLength: number
  /** How many children the node has. */
  readonly numChildren: number
  /** The transaction that last created or deleted a child. */
  readonly pzxid: bigint
}
