/** Counts what one connection does, and hands it over to the metrics once for each chunk. */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import { nameOf } from "../model/ErrorCode.ts"
import type { Operation } from "../wire/Operation.ts"
import * as Metrics from "./Metrics.ts"

type AnyOperation = Operation<any, any>

const nobody = Context.empty()

/** The counter of an operation's results; made once, since a metric with attributes is looked up by all of them. */
const counters = new Map<string, typeof Metrics.operations>()

const counterOf = (operation: AnyOperation, code: number): typeof Metrics.operations => {
  const result = code === 0 ? "ok" : (nameOf(code) ?? String(code))
  const key = `${operation.name} ${result}`
  const known = counters.get(key)
  if (known !== undefined) return known
  const made = Metric.withAttributes(Metrics.operations, { operation: operation.name, result })
  counters.set(key, made)
  return made
}

export class Meter {
  /** The run of equal results at hand: mostly a whole chunk is one. */
  private operation: AnyOperation | undefined
  private code = 0
  private run = 0
  private reported = 0
  private events = 0

  /** An answer came. */
  answered(operation: AnyOperation, code: number): void {
    if (operation === this.operation && code === this.code) {
      this.run++
      return
    }
    this.hand()
    this.operation = operation
    this.code = code
    this.run = 1
  }

  private hand(): void {
    if (this.operation !== undefined && this.run > 0)
      counterOf(this.operation, this.code).updateUnsafe(this.run, nobody)
    this.run = 0
  }

  event(): void {
    this.events++
  }

  /** A chunk was worked off; `latency` is that of its last answer, undefined when there was none. */
  heard(bytes: number, outstanding: number, latency: number | undefined): void {
    this.hand()
    if (this.events > 0) Metrics.watchEvents.updateUnsafe(this.events, nobody)
    this.events = 0
    Metrics.bytesReceived.updateUnsafe(bytes, nobody)
    if (latency !== undefined) Metrics.latency.updateUnsafe(latency, nobody)
    this.outstanding(outstanding)
  }

  wrote(bytes: number, outstanding: number): void {
    Metrics.bytesSent.updateUnsafe(bytes, nobody)
    this.outstanding(outstanding)
  }

  /** Tells how many requests are unanswered; 0 when the connection ends. */
  outstanding(count: number): void {
    if (count !== this.reported) Metrics.inFlight.updateUnsafe(count - this.reported, nobody)
    this.reported = count
  }
}
