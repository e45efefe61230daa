/** Counts operations through the warm-up and the measured part, and says when it is enough. */
import type { Result, Spec } from "../spec.ts"

/** At greater depths the clock is read for one operation in so many. */
const SELDOM = 32

export class Meter {
  private readonly spec: Spec
  private readonly mask: number
  private readonly begun = performance.now()
  private readonly latencies: Array<number> = []
  private count = 0
  private isWarm = false
  private from = { at: 0, count: 0, cpu: process.cpuUsage() }
  private last = performance.now()
  private result: Result | undefined

  constructor(spec: Spec) {
    this.spec = spec
    // Events come too fast for a look at the clock each time.
    this.mask = spec.depth === 1 && spec.workload !== "watches" ? 0 : SELDOM - 1
  }

  /** More operations are wanted. */
  get goesOn(): boolean {
    return this.result === undefined
  }

  /** One more operation was answered. */
  readonly done = (): void => {
    if ((++this.count & this.mask) === 0) this.look()
  }

  private look(): void {
    const now = performance.now()
    if (this.result !== undefined) return
    if (!this.isWarm) {
      if (now - this.begun < this.spec.warmMillis) return
      this.isWarm = true
      this.from = { at: now, count: this.count, cpu: process.cpuUsage() }
      this.last = now
      return
    }
    if (this.mask === 0) this.latencies.push(now - this.last)
    this.last = now
    const ops = this.count - this.from.count
    if (now - this.from.at < this.spec.millis && ops < this.spec.maxOps) return
    const { system, user } = process.cpuUsage(this.from.cpu)
    const sorted = Float64Array.from(this.latencies).sort()
    const quantile = (part: number) => sorted[Math.floor(sorted.length * part)]! * 1000
    this.result = {
      ops,
      micros: (now - this.from.at) * 1000,
      cpuMicros: user + system,
      ...(sorted.length === 0 ? {} : { p50: quantile(0.5), p99: quantile(0.99) })
    }
  }

  get measured(): Result {
    if (this.result === undefined) throw new Error(`stopped after ${this.count} operations, before the end`)
    return this.result
  }
}
