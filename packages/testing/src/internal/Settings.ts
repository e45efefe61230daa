/** What can be set on a server, with every default filled in. */
import * as Duration from "effect/Duration"
import type { Version } from "./OpCode.ts"

/**
 * The settings of a server, named as in zoo.cfg.
 *
 * @category options
 * @since 0.1.0
 */
export interface ServerOptions {
  /** The release to behave as, 3.5, 3.6 or 3.8: an older one does not know what came later. Default `"3.8"`. */
  readonly version?: Version | undefined
  /** Sessions expire on boundaries of it. Default 500 ms (a real server's is 3 s). */
  readonly tickTime?: Duration.Input | undefined
  /** Default 2 ticks. */
  readonly minSessionTimeout?: Duration.Input | undefined
  /** Default 60 s (a real server's is 20 ticks). */
  readonly maxSessionTimeout?: Duration.Input | undefined
  /** `user:base64(sha1("user:password"))` of the user who may do everything. Default: nobody. */
  readonly superDigest?: string | undefined
  /** Users and passwords for SASL DIGEST-MD5. Default: the server has no SASL. */
  readonly saslUsers?: Readonly<Record<string, string>> | undefined
  /** TTL nodes. Default true (a real server's is false). */
  readonly extendedTypesEnabled?: boolean | undefined
  /** Hard quotas. Default false. */
  readonly enforceQuota?: boolean | undefined
  /** Sessions that one server keeps to itself. Default false. */
  readonly localSessionsEnabled?: boolean | undefined
  /** The longest frame accepted, in bytes. Default 1048575. */
  readonly juteMaxBuffer?: number | undefined
  /** Connections from one address; 0 for any number. Default 0 (a real server's is 60). */
  readonly maxClientCnxns?: number | undefined
  /** How often unused containers and TTL nodes are looked for. Default 60 s. */
  readonly containerCheckInterval?: Duration.Input | undefined
  /** The four-letter words that are answered. Default all of them (a real server's is `srvr`). */
  readonly fourLetterWords?: ReadonlyArray<string> | undefined
}

/** What a server accepts when nothing else is said. */
export const JUTE_MAX_BUFFER = 0xf_ffff

export interface Settings {
  readonly version: Version
  readonly serverId: number
  readonly tickTime: number
  readonly minSessionTimeout: number
  readonly maxSessionTimeout: number
  readonly superDigest: string | undefined
  readonly saslUsers: Readonly<Record<string, string>> | undefined
  readonly extendedTypesEnabled: boolean
  readonly enforceQuota: boolean
  readonly localSessionsEnabled: boolean
  readonly juteMaxBuffer: number
  readonly maxClientCnxns: number
  readonly containerCheckInterval: number
  readonly fourLetterWords: ReadonlyArray<string> | undefined
}

const millis = (input: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(input))

export const settings = (options: ServerOptions, serverId: number): Settings => {
  const tickTime = millis(options.tickTime ?? 500)
  if (!(tickTime > 0)) throw new RangeError(`tickTime is ${tickTime} ms: give a time above 0`)
  return {
    version: options.version ?? "3.8",
    serverId,
    tickTime,
    minSessionTimeout: millis(options.minSessionTimeout ?? 2 * tickTime),
    maxSessionTimeout: millis(options.maxSessionTimeout ?? 60_000),
    superDigest: options.superDigest,
    saslUsers: options.saslUsers,
    extendedTypesEnabled: options.extendedTypesEnabled ?? true,
    enforceQuota: options.enforceQuota ?? false,
    localSessionsEnabled: options.localSessionsEnabled ?? false,
    juteMaxBuffer: options.juteMaxBuffer ?? JUTE_MAX_BUFFER,
    maxClientCnxns: options.maxClientCnxns ?? 0,
    containerCheckInterval: millis(options.containerCheckInterval ?? 60_000),
    fourLetterWords: options.fourLetterWords
  }
}
