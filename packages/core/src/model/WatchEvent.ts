/**
 * What a server tells a connection about a path that it watches.
 *
 * @since 0.1.0
 */

/**
 * The kinds of change, with their numbers on the wire. Recursive watches never yield `NodeChildrenChanged`.
 *
 * @category constants
 * @since 0.1.0
 */
export const EventType = {
  NodeCreated: 1,
  NodeDeleted: 2,
  NodeDataChanged: 3,
  NodeChildrenChanged: 4
} as const

/**
 * The name of a kind of change.
 *
 * @category models
 * @since 0.1.0
 */
export type EventType = keyof typeof EventType

/**
 * One change at one path. `zxid` is the transaction that made it where the server tells: from 3.9 on, and not of what happened
 * before a reconnect.
 *
 * @category models
 * @since 0.1.0
 */
export interface WatchEvent {
  readonly type: EventType
  readonly path: string
  readonly zxid?: bigint
}

const names: ReadonlyMap<number, EventType> = new Map(
  Object.entries(EventType).map(([name, number]) => [number, name as EventType])
)

/**
 * The kind of change that a number on the wire stands for; undefined for numbers that clients must ignore.
 *
 * @category getters
 * @since 0.1.0
 */
export const typeOf = (number: number): EventType | undefined => names.get(number)
