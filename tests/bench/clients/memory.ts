/** What requests that wait for their answers take: live heap after a collection, and resident memory. */
import type { Result, Spec } from "../spec.ts"

const now = () => {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { live: heapUsed + external, rss }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 300))

/** `start` issues `depth` requests that are never answered. */
export const outstanding = async (spec: Spec, start: () => void): Promise<Result> => {
  const before = now()
  start()
  await pause()
  const after = now()
  return {
    ops: spec.depth,
    micros: 1,
    cpuMicros: 0,
    heapBytes: (after.live - before.live) / spec.depth,
    rssBytes: (after.rss - before.rss) / spec.depth
  }
}

/** A connected client that does nothing. */
export const idle = async (): Promise<Result> => {
  await pause()
  const { live, rss } = now()
  return { ops: 1, micros: 1, cpuMicros: 0, heapBytes: live, rssBytes: rss }
}
