/**
 * A counter's sum, of all sessions of the process. To count is to add: Effect's metrics look at the sum when somebody asks,
 * since an update of each would cost more than a small answer.
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"

export class Tally {
  sum = 0

  constructor(counter: Metric.Counter<number>, incremental: boolean) {
    const ignored = () => {}
    const get = () => ({ count: this.sum, incremental })
    Metric.registerUnsafe(counter, Context.empty(), { get, update: ignored, modify: ignored })
  }
}
