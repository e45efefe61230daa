/**
 * Signals to this process, and who gets them.
 */

/** Those that ask for an end. */
export const ending = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const

/** Those that are passed on to a program. */
export const passedOn = [...ending, "SIGUSR1", "SIGUSR2"] as const

/**
 * From now on these signals go to `receive` and to nobody else. Returns the way back to who had them before.
 *
 * The new listener is there before the old ones go: without any, Node gives up its handle for the signal, and one that has
 * arrived and was not told yet is lost.
 */
export const take = (
  signals: ReadonlyArray<NodeJS.Signals>,
  receive: (signal: NodeJS.Signals) => void
): (() => void) => {
  const before = signals.map((signal) => [signal, process.rawListeners(signal)] as const)
  for (const [signal, listeners] of before) {
    process.on(signal, receive)
    for (const listener of listeners) process.removeListener(signal, listener as NodeJS.SignalsListener)
  }
  return () => {
    for (const [signal, listeners] of before) {
      for (const listener of listeners) process.on(signal, listener as NodeJS.SignalsListener)
      process.removeListener(signal, receive)
    }
  }
}
