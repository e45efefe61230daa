/**
 * What kind of node the flags ask for.
 */
import type { CreateMode } from "@effect-zookeeper/core/CreateMode"

export interface Kind {
  readonly ephemeral: boolean
  readonly sequential: boolean
  readonly container: boolean
  readonly ttl: boolean
}

/** The mode that the flags mean; undefined for those that exclude each other. */
export const modeOf = ({ container, ephemeral, sequential, ttl }: Kind): CreateMode | undefined => {
  if (container) return ephemeral || sequential || ttl ? undefined : "container"
  if (ttl) return ephemeral ? undefined : sequential ? "ttlSequential" : "ttl"
  if (ephemeral) return sequential ? "ephemeralSequential" : "ephemeral"
  return sequential ? "persistentSequential" : "persistent"
}
