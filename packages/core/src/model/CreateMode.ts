/**
 * The kinds of node that a create can make, as one word instead of a number and three flags.
 *
 * @since 0.1.0
 */

/**
 * - `persistent`: stays until it is deleted;
 * - `ephemeral`: goes when the session ends; it cannot have children;
 * - `container`: goes some time after its last child went (3.5.1 and later);
 * - `ttl`: goes when it has no children and was not changed for its `ttl` (3.5.3 and later, when the server allows it);
 * - `…Sequential`: the server appends a ten-digit counter of the parent to the name.
 *
 * @category models
 * @since 0.1.0
 */
export type CreateMode =
  | "persistent"
  | "ephemeral"
  | "persistentSequential"
  | "ephemeralSequential"
  | "container"
  | "ttl"
  | "ttlSequential"

/**
 * The flag that stands for a mode in a request (org.apache.zookeeper.CreateMode).
 *
 * @category constants
 * @since 0.1.0
 */
export const flags: Readonly<Record<CreateMode, number>> = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
  ttl: 5,
  ttlSequential: 6
}

/**
 * True when the server appends its counter to the name.
 *
 * @category guards
 * @since 0.1.0
 */
export const isSequential = (mode: CreateMode): boolean => mode.endsWith("Sequential")

/**
 * True when the node belongs to the session.
 *
 * @category guards
 * @since 0.1.0
 */
export const isEphemeral = (mode: CreateMode): boolean => mode.startsWith("ephemeral")

/**
 * True when the node needs a time to live.
 *
 * @category guards
 * @since 0.1.0
 */
export const hasTtl = (mode: CreateMode): boolean => mode.startsWith("ttl")
