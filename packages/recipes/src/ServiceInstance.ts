/**
 * An instance of a service: where it is reached, and what it tells of itself.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import { variablesIn } from "./internal/uriSpec.ts"

/**
 * How long an instance stays, as Curator names it. A `DYNAMIC` one goes with its session; a `PERMANENT` or `STATIC` one stays
 * until somebody removes it. Other programs may also have `DYNAMIC_SEQUENTIAL` ones, whose nodes have a counter behind the id.
 *
 * @category models
 * @since 0.1.0
 */
export type ServiceType = "DYNAMIC" | "STATIC" | "PERMANENT" | "DYNAMIC_SEQUENTIAL"

/**
 * An instance as it stands in its node. `P` is the type of its payload.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceInstance<P = unknown> {
  /** The service. */
  readonly name: string
  /** Which of the service's instances. */
  readonly id: string
  /** A host name or an IP address. */
  readonly address: string | undefined
  readonly port: number | undefined
  /** The port for TLS. */
  readonly sslPort: number | undefined
  /** What else it tells: any JSON value, or what the schema of the discovery makes of it. `null` where there is none. */
  readonly payload: P
  /** When it was registered, in milliseconds since 1970, by the clock of whoever registered it. */
  readonly registrationTimeUTC: number
  readonly serviceType: ServiceType
  /** The form of its URI, such as `{scheme}://{address}:{port}/api`; see `uri`. */
  readonly uriSpec: string | undefined
  /** Whether providers may choose it. */
  readonly enabled: boolean
}

/**
 * What an instance tells of itself, but for its payload.
 *
 * @category models
 * @since 0.1.0
 */
export interface Details {
  /** A host name or an IP address. Default: none; it is not guessed. */
  readonly address?: string | undefined
  /** From 0 to 65,535. Default: none. */
  readonly port?: number | undefined
  /** The port for TLS, from 0 to 65,535. Default: none. */
  readonly sslPort?: number | undefined
  /** The form of its URI, such as `{scheme}://{address}:{port}/api`; see `uri`. Default: none. */
  readonly uriSpec?: string | undefined
  /** Whether providers may choose it. Default true. */
  readonly enabled?: boolean | undefined
}

/**
 * What to register. The payload may be left out where its type has `null`.
 *
 * @category models
 * @since 0.1.0
 */
export type Registration<P = unknown> = Details & {
  /** The service: the name of a node. */
  readonly name: string
  /** Which of the service's instances: the name of a node. Default: a random UUID. */
  readonly id?: string | undefined
} & (null extends P ? { readonly payload?: P } : { readonly payload: P })

/**
 * What to change: fields that are left out stay as they are, and one that is `undefined` gets its default. A payload of
 * `undefined` stays.
 *
 * @category models
 * @since 0.1.0
 */
export type Changes<P = unknown> = Details & { readonly payload?: P | undefined }

/**
 * The URI of an instance by its `uriSpec`; none when it has no such.
 *
 * Variables are `scheme` (`https` where there is an `sslPort`, else `http`), `name`, `id`, `address`, `port`, `ssl-port`,
 * `registration-time-utc`, `service-type` in lower case, `[` and `]` for braces, and those that are given, which go before.
 * What is not known is left out.
 *
 * @category getters
 * @since 0.1.0
 */
export const uri = (
  instance: ServiceInstance,
  variables: Readonly<Record<string, string | number>> = {}
): Option.Option<string> => {
  const { address, id, name, port, registrationTimeUTC, serviceType, sslPort, uriSpec } = instance
  const known: ReadonlyMap<string, string | number | undefined> = new Map(
    Object.entries({
      scheme: sslPort === undefined ? "http" : "https",
      name,
      id,
      address,
      port,
      "ssl-port": sslPort,
      "registration-time-utc": registrationTimeUTC,
      "service-type": serviceType.toLowerCase(),
      "[": "{",
      "]": "}",
      ...variables
    })
  )
  return Option.map(Option.fromUndefinedOr(uriSpec), (spec) =>
    spec.replaceAll(variablesIn, (_, variable: string) => String(known.get(variable.trim()) ?? ""))
  )
}
