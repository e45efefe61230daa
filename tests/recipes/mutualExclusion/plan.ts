/** Which faults come when: plain data made from a seed, so that a schedule can be run again without some of them. */
import type { Random } from "./randomOf.ts"

/** Those that decide most come more often: what a holder does that hears of nobody, or stands still. */
const faults = [
  "reset",
  "drop a reply",
  "cut a server off from its clients",
  "cut a client off",
  "cut a client off",
  "cut a client off",
  "cut a client off from one server",
  "kill the leader",
  "kill a server",
  "freeze the leader",
  "freeze the leader",
  "freeze a server",
  "isolate the leader",
  "isolate a server",
  "let a server lag",
  "make a server slow",
  "expire a session",
  "stop a client",
  "stop a client",
  "stop a holder and delete its node",
  "stop a holder and delete its node",
  "delete a holder's node"
] as const

export type Fault = (typeof faults)[number]

export interface Step {
  readonly fault: Fault
  /** In ms since the first step. */
  readonly from: number
  readonly to: number
  readonly server: number
  readonly client: number
  /** Whoever holds is meant, if anybody does, and the client of that number otherwise. */
  readonly isHolder: boolean
  /** What a stopped client does first when it goes on. */
  readonly first: "timers" | "sockets"
}

export interface Shape {
  readonly steps: number
  readonly servers: number
  readonly clients: number
  /** The whole, in ms. */
  readonly length: number
  /** The longest fault, in ms. */
  readonly longest: number
}

export const plan = (random: Random, { clients, length, longest, servers, steps }: Shape): ReadonlyArray<Step> =>
  Array.from({ length: steps }, (): Step => {
    const from = random(length)
    return {
      fault: faults[random(faults.length)]!,
      from,
      to: from + 200 + random(longest),
      server: random(servers),
      client: random(clients),
      isHolder: random(4) > 0,
      first: random(2) === 0 ? "timers" : "sockets"
    }
  })

export const tell = ({ client, fault, from, isHolder, server, to }: Step): string => {
  const whom = `client ${client}${isHolder ? " or who holds" : ""}, server ${server + 1}`
  return `    ${from} to ${to} ms: ${fault} (${whom})`
}
