/** What the processes of ha-workers.ts have in common: where they meet and how. */
import * as Election from "@effect-zookeeper/recipes/Election"
import * as Group from "@effect-zookeeper/recipes/Group"

const ROOT = "/effect-zookeeper-ha"

/** How long after its end a process counts as alive. Servers get time to come back. */
export const SESSION_TIMEOUT = { worker: "4 seconds", server: "10 seconds" } as const

/** Where the workers stand. */
export const MASTERS = `${ROOT}/masters`

/** Workers, of whom two are masters at a time. */
export class Masters extends Election.Service<Masters>()("example/Masters", {
  path: MASTERS,
  leaders: 2
}) {}

/** Where the servers stand. */
export const SERVERS = `${ROOT}/servers`

/** Servers that are in a list while they live. */
export class Servers extends Group.Service<Servers>()("example/Servers", { path: SERVERS }) {}
