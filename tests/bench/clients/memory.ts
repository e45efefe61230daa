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
  const taken = each(spec.depth)
  start()
  await pause()
  return { ops: spec.depth, micros: 1, cpuMicros: 0, ...taken() }
}

/** What each of `count` things takes that are made between this call and that of what it gives. */
export const each = (count: number): (() => Pick<Result, "heapBytes" | "rssBytes">) => {
  const before = now()
  return () => {
    const after = now()
    return { heapBytes: (after.live - before.live) / count, rssBytes: (after.rss - before.rss) / count }
  }
}
