/** Counts what one connection does. */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import { nameOf } from "../model/ErrorCode.ts"
import type { Operation } from "../wire/Operation.ts"
import * as Metrics from "./Metrics.ts"
import { Tally } from "./Tally.ts"

type AnyOperation = Operation<any, any>

const nobody = Context.empty()

/** Made with the first connection: a program that only imports the client registers nothing. */
class Tallies {
  readonly bytesSent = new Tally(Metrics.bytesSent, true)
  readonly bytesReceived = new Tally(Metrics.bytesReceived, true)
  readonly inFlight = new Tally(Metrics.inFlight, false)
  readonly watchEvents = new Tally(Metrics.watchEvents, true)
  private readonly results = new Map<AnyOperation, Map<number, Tally>>()

  /** The results of an operation that have this code. */
  of(operation: AnyOperation, code: number): Tally {
    const codes = this.results.get(operation)
    const known = codes?.get(code)
    if (known !== undefined) return known
    const made = Tallies.make(operation, code)
    if (codes === undefined) this.results.set(operation, new Map([[code, made]]))
    else codes.set(code, made)
    return made
  }

  private static make(operation: AnyOperation, code: number): Tally {
    const result = code === 0 ? "ok" : (nameOf(code) ?? String(code))
    return new Tally(Metric.withAttributes(Metrics.operations, { operation: operation.name, result }), true)
  }
}

let tallies: Tallies | undefined

export class Meter {
  private readonly all = (tallies ??= new Tallies())
  /** The results at hand: mostly a whole chunk is of one kind. */
  private operation: AnyOperation | undefined
  private code = 0
  private results: Tally | undefined
  private reported = 0

  /** An answer came. */
  answered(operation: AnyOperation, code: number): void {
    if (operation !== this.operation || code !== this.code || this.results === undefined) {
      this.operation = operation
      this.code = code
      this.results = this.all.of(operation, code)
    }
    this.results.sum++
  }

  event(): void {
    this.all.watchEvents.sum++
  }

  /** A chunk was worked off; `latency` is that of its last answer, undefined when there was none. */
  heard(bytes: number, outstanding: number, latency: number | undefined): void {
    this.all.bytesReceived.sum += bytes
    if (latency !== undefined) Metrics.latency.updateUnsafe(latency, nobody)
    this.outstanding(outstanding)
  }

  wrote(bytes: number, outstanding: number): void {
    this.all.bytesSent.sum += bytes
    this.outstanding(outstanding)
  }

  /** Tells how many requests are unanswered; 0 when the connection ends. */
  outstanding(count: number): void {
    this.all.inFlight.sum += count - this.reported
    this.reported = count
  }
}
