/**
 * What a session counts and measures, in Effect's metric registry.
 *
 * Counters are summed up over all sessions of a process. On the hot path nothing is looked up: most are only added to, and
 * the registry looks at the sums when somebody asks.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"

/**
 * Operations answered, by `operation` (`getData`) and `result`: `ok`, or the name of the server's error (`NoNode`).
 *
 * @category metrics
 * @since 0.1.0
 */
export const operations = Metric.counter("zookeeper_operations", {
  description: "Operations answered by the server",
  incremental: true
})

/**
 * From the write of a request to its answer, in ms: one sample for each batch of answers that arrive together.
 *
 * @category metrics
 * @since 0.1.0
 */
export const latency = Metric.histogram("zookeeper_latency_ms", {
  description: "Milliseconds from writing a request to its answer",
  boundaries: Metric.exponentialBoundaries({ start: 0.25, factor: 2, count: 16 })
})

/**
 * Bytes written to servers.
 *
 * @category metrics
 * @since 0.1.0
 */
export const bytesSent = Metric.counter("zookeeper_bytes_sent", { incremental: true })

/**
 * Bytes read from servers.
 *
 * @category metrics
 * @since 0.1.0
 */
export const bytesReceived = Metric.counter("zookeeper_bytes_received", { incremental: true })

/**
 * Requests sent and not answered now.
 *
 * @category metrics
 * @since 0.1.0
 */
export const inFlight = Metric.counter("zookeeper_requests_in_flight")

/**
 * Events of watches.
 *
 * @category metrics
 * @since 0.1.0
 */
export const watchEvents = Metric.counter("zookeeper_watch_events", { incremental: true })

/**
 * Paths watched now.
 *
 * @category metrics
 * @since 0.1.0
 */
export const watches = Metric.counter("zookeeper_watches")

/**
 * Transitions of sessions, by `state`: `Connected` counts connections, `Suspended` their losses, `Expired` sessions lost.
 *
 * @category metrics
 * @since 0.1.0
 */
export const states = Metric.counter("zookeeper_session_states", { incremental: true })

/**
 * What was left of the lease when the leader confirmed the session, in ms: a margin that shrinks is a lease about to be
 * lost.
 *
 * @category metrics
 * @since 0.1.0
 */
export const leaseMargin = Metric.gauge("zookeeper_lease_margin_ms", {
  description: "Milliseconds left of the lease when it was last renewed"
})
