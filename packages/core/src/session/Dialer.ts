/**
 * From a host of the connect string to an open connection: the name is looked up again for each attempt, and every
 * address gets its turn (ZOOKEEPER-2184, ZOOKEEPER-3100).
 */
import * as Effect from "effect/Effect"
import { formatHost, type Host } from "../model/ConnectString.ts"
import { type Connection, OpenFailed, type Receiver, type Target, type TlsOptions } from "../transport/Connection.ts"
import * as fourLetter from "../transport/fourLetter.ts"
import type { Lookup } from "../transport/Lookup.ts"
import type { Transport } from "../transport/Transport.ts"

export class Dialer {
  private readonly tls: TlsOptions | undefined
  private readonly transport: Transport
  private readonly lookup: Lookup
  /** How often each host was tried: where to begin in the list of its addresses. */
  private readonly turns = new Map<string, number>()

  constructor(tls: TlsOptions | undefined, transport: Transport, lookup: Lookup) {
    this.tls = tls
    this.transport = transport
    this.lookup = lookup
  }

  private targets(host: Host): Effect.Effect<ReadonlyArray<Target>, OpenFailed> {
    return Effect.matchEffect(this.lookup.addresses(host.host), {
      onFailure: (cause) => Effect.fail(new OpenFailed({ cause })),
      onSuccess: (addresses) =>
        addresses.length === 0
          ? Effect.fail(new OpenFailed({ cause: "the name has no address" }))
          : Effect.succeed(addresses.map((address) => ({ ...host, address, tls: this.tls })))
    })
  }

  /** Tries the addresses of a host until one of them answers. */
  private firstOf<A>(host: Host, turn: number, attempt: (target: Target) => Effect.Effect<A, OpenFailed>) {
    return Effect.flatMap(this.targets(host), (targets) => {
      const rotated = targets.map((_, i) => targets[(i + turn) % targets.length]!)
      return rotated
        .slice(1)
        .reduce((tried, target) => Effect.catch(tried, () => attempt(target)), attempt(rotated[0]!))
    })
  }

  /** Opens a connection to the first address that takes it. */
  open(host: Host, receiver: Receiver): Effect.Effect<Connection, OpenFailed> {
    const name = formatHost(host)
    const turn = this.turns.get(name) ?? 0
    this.turns.set(name, turn + 1)
    return this.firstOf(host, turn, (target) => this.transport.open(target, receiver))
  }

  /** Asks a host a four-letter word, within `timeout` ms for each of its addresses. */
  ask(host: Host, word: string, timeout: number): Effect.Effect<string, OpenFailed> {
    return this.firstOf(host, 0, (target) => fourLetter.ask(this.transport, target, word, timeout))
  }
}
