/**
 * Addresses of host names, asked for anew at each attempt, as a service that tests replace.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { lookup } from "node:dns/promises"
import { isIP } from "node:net"

/**
 * Finds the addresses of a host; the failure says why there are none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lookup {
  readonly addresses: (host: string) => Effect.Effect<ReadonlyArray<string>, string>
}

/**
 * The lookup in use: the system's (files, DNS), asked for every attempt, since addresses change (ZOOKEEPER-2184).
 *
 * @category services
 * @since 0.1.0
 */
export const Lookup: Context.Reference<Lookup> = Context.Reference<Lookup>("@effect-zookeeper/core/Lookup", {
  defaultValue: () => ({
    addresses: (host) =>
      isIP(host) !== 0
        ? Effect.succeed([host])
        : Effect.tryPromise({
            try: () => lookup(host, { all: true }).then((found) => found.map(({ address }) => address)),
            catch: (cause) => `the name cannot be looked up: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`
          })
  })
})
