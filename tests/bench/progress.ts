/** How many rounds fit into the time, and how much of it is left: on standard error, beside the table. */
const clock = (millis: number): string => {
  const seconds = Math.max(0, Math.round(millis / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

const MOST = 3

/** The most rounds, up to three, that do not take longer; at least one, however short the time. */
export const roundsWithin = (minutes: number, cost: (rounds: number) => number): number => {
  let rounds = MOST
  while (rounds > 1 && cost(rounds) > minutes * 60_000) rounds--
  return rounds
}

/** `parts` are the estimates, in ms, of all that is to come. */
export const start = (parts: ReadonlyArray<number>, rounds: number) => {
  const begun = performance.now()
  let left = parts.reduce((sum, part) => sum + part, 0)
  let expected = 0
  let done = 0
  console.error(`${parts.length} rows, ${rounds} rounds, about ${clock(left)}`)
  /** What was slower than thought so far will be so further on. */
  const remaining = (): number => left * (expected === 0 ? 1 : Math.max(0.5, (performance.now() - begun) / expected))
  return {
    /** Whether the run will take longer than so many minutes, by a tenth or more. */
    isLate: (minutes: number): boolean => performance.now() - begun + remaining() > minutes * 66_000,
    finished: (part: number): void => {
      left -= part
      expected += part
      const elapsed = clock(performance.now() - begun)
      console.error(`  [${++done} of ${parts.length} after ${elapsed}, about ${clock(remaining())} left]`)
    }
  }
}
