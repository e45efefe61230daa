/** Starting again when another process took one of the ports that were free a moment ago. */
import * as Effect from "effect/Effect"
import type { ServerFailed } from "./JavaServer.ts"

export const retryPorts = <A, E, R>(
  start: Effect.Effect<A, E | ServerFailed, R>
): Effect.Effect<A, E | ServerFailed, R> =>
  Effect.retry(start, {
    times: 3,
    while: (error) => typeof error === "object" && error !== null && "portTaken" in error && error.portTaken === true
  })
