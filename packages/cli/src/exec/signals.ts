/**
 * Signals to this process, and who gets them.
 */

/** Those that ask for an end. */
export const ending = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const

/** Those that are passed on to a program. */
export const passedOn = [...ending, "SIGUSR1", "SIGUSR2"] as const

/** From now on these signals go to `receive` and to nobody else. Returns the way back to who had them before. */
export const take = (
  signals: ReadonlyArray<NodeJS.Signals>,
  receive: (signal: NodeJS.Signals) => void
): (() => void) => {
  const before = signals.map((signal) => [signal, process.rawListeners(signal)] as const)
  for (const signal of signals) {
    process.removeAllListeners(signal)
    process.on(signal, receive)
  }
  return () => {
    for (const [signal, listeners] of before) {
      process.removeListener(signal, receive)
      for (const listener of listeners) process.on(signal, listener as NodeJS.SignalsListener)
    }
  }
}
