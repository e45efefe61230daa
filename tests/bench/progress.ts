/** How many rounds fit into the time, and how much of it is left: on standard error, beside the table. */
const clock = (millis: number): string => {
  const seconds = Math.max(0, Math.round(millis / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

/** At most three; at least one, however short the time. */
export const roundsWithin = (minutes: number, round: number): number =>
  Math.max(1, Math.min(3, Math.floor((minutes * 60_000) / round)))

/** `parts` are the estimates, in ms, of all that is to come. */
export const start = (parts: ReadonlyArray<number>, rounds: number) => {
  const begun = performance.now()
  let left = parts.reduce((sum, part) => sum + part, 0)
  let expected = 0
  let done = 0
  console.error(`${parts.length} rows, ${rounds} rounds, about ${clock(left)}`)
  return {
    finished: (part: number): void => {
      const elapsed = performance.now() - begun
      left -= part
      expected += part
      // What was slower than thought so far will be so further on.
      const remaining = left * Math.max(0.5, elapsed / expected)
      console.error(`  [${++done} of ${parts.length} after ${clock(elapsed)}, about ${clock(remaining)} left]`)
    }
  }
}
