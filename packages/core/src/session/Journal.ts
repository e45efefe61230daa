/** What a session tells of itself as it goes: lines of the log, and how often it came into each state. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import * as References from "effect/References"
import * as Ids from "../model/Ids.ts"
import type { SessionState } from "../model/SessionState.ts"
import * as Metrics from "./Metrics.ts"
import { Tally } from "./Tally.ts"

/** How often sessions came into each state. */
const tallies = new Map<SessionState["_tag"], Tally>()

const count = (state: SessionState["_tag"]): void => {
  let tally = tallies.get(state)
  if (tally === undefined)
    tallies.set(state, (tally = new Tally(Metric.withAttributes(Metrics.states, { state }), true)))
  tally.sum++
}

/** What tells a session from others; its id is kept for a while after it is gone. */
export interface About {
  readonly id: bigint
  readonly server: string | undefined
}

export class Journal {
  private readonly about: () => About
  private readonly fork: (effect: Effect.Effect<void>) => unknown
  private readonly isDebugged: boolean

  constructor(context: Context.Context<never>, fork: (effect: Effect.Effect<void>) => unknown, about: () => About) {
    this.about = about
    this.fork = fork
    this.isDebugged = LogLevel.isLessThanOrEqualTo(Context.get(context, References.MinimumLogLevel), "Debug")
  }

  get name(): string {
    return `session ${Ids.toHex(this.about().id)}`
  }

  /** The session came into a state; `took` says for how many ms it has been on the way to a connection. */
  entered(state: SessionState, took: () => number): void {
    switch (state._tag) {
      case "Connected": {
        const how = state.readOnly ? "read-only, " : ""
        this.debug(() => `Connected to ${this.about().server} in ${Math.round(took())} ms (${how}${this.name})`)
        break
      }
      case "Suspended":
      case "Expired":
      case "AuthFailed":
        this.write(Effect.logWarning(`${state._tag}: ${this.name}`))
    }
    count(state._tag)
  }

  /** A fiber costs more than a look at the level, and hardly anybody wants to see these. */
  debug(line: () => string): void {
    if (this.isDebugged) this.write(Effect.logDebug(line()))
  }

  private write(line: Effect.Effect<void>): void {
    const { id, server } = this.about()
    const annotations = {
      "zookeeper.session": Ids.toHex(id),
      ...(server === undefined ? {} : { "zookeeper.server": server })
    }
    this.fork(Effect.annotateLogs(line, annotations))
  }
}
