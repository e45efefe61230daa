/**
 * The same `ZooKeeper` service over [node-zookeeper-client](https://github.com/alexguan/node-zookeeper-client) instead
 * of our own protocol code, for applications that have such a client already and move one module at a time.
 *
 * It can do less and promises less than the native driver: `docs/drivers.md` has the table. What it cannot do fails at
 * once with the reason `Unsupported`.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { unwrap } from "../client/config.ts"
import { fromSession } from "../client/make.ts"
import { ZooKeeper } from "../client/ZooKeeper.ts"
import { formatHost } from "../model/ConnectString.ts"
import {
  AuthFailed,
  Closed,
  make as makeError,
  type Reason,
  SessionExpired,
  type ZooKeeperError
} from "../model/ZooKeeperError.ts"
import * as NativeSession from "../session/NativeSession.ts"
import type * as Session from "../session/Options.ts"
import * as Settings from "../session/settings.ts"
import * as adopted from "./Adopted.ts"
import { make as makeDriver, unsupported as unsupportedError } from "./driver.ts"
import { type Client, load, State } from "./library.ts"
import * as operations from "./operations.ts"
import * as OwnLine from "./OwnLine.ts"
import * as watchRoom from "./watchRoom.ts"

/** What the library has no way to do. */
type Missing = "tls" | "sasl" | "readOnly" | "confirm"

/**
 * The options of a session over a client of our own: those of the native driver without TLS, SASL, read-only servers and
 * `confirm` (the lease is confirmed by transactions). `maxInFlight` is 1,024 by default, for the library slows down with
 * many answers in one read.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Omit<Session.Options, Missing> {}

/**
 * The options of a session over an adopted client. Everything else is as the client was made.
 *
 * @category options
 * @since 0.1.0
 */
export interface AdoptOptions extends Pick<
  Session.Options,
  | "connectTimeout"
  | "operationTimeout"
  | "releaseTimeout"
  | "defaultAcl"
  | "auth"
  | "retry"
  | "maxInFlight"
  | "maxQueued"
  | "maxRequest"
  | "maxReply"
  | "margin"
> {}

/**
 * A client that can be adopted: what `createClient` of node-zookeeper-client returns.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdoptableClient {
  readonly connect: () => void
  readonly close: () => void
  readonly getSessionTimeout: () => number
}

/**
 * The operations of the protocol that this driver cannot do, by the names that `zk.driver.unsupported` takes.
 *
 * @category constants
 * @since 0.1.0
 */
export const unsupported: ReadonlyArray<string> = operations.unsupported

const MAX_IN_FLIGHT = 1024

const missing: ReadonlyArray<Missing> = ["tls", "sasl", "readOnly", "confirm"]

/** Options may come from where types do not reach: a configuration file, a command line. */
const refuseMissing = (options: Session.Options): Effect.Effect<void, ZooKeeperError> => {
  const name = missing.find((name) => options[name] !== undefined && options[name] !== false)
  return name === undefined
    ? Effect.void
    : Effect.fail(unsupportedError("connect", `node-zookeeper-client has no '${name}'; the native driver has it`))
}

/**
 * Opens a session through a library client of its own for the life of the scope. As `ZooKeeper.make`, with the same
 * errors; fails with `Unsupported` for options that the library has no way to honour, and where it is not installed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<ZooKeeper, ZooKeeperError, Scope.Scope> {
  yield* refuseMissing(options)
  const checked = yield* Settings.check({ maxInFlight: MAX_IN_FLIGHT, ...options })
  const library = yield* load
  const settings = { ...checked, confirm: "quorum" as const }
  const session = yield* NativeSession.make(settings, OwnLine.dial(library, settings.rules.timeout, settings))
  const refusal = operations.refusalFor("")
  return yield* fromSession(makeDriver(session, { refusal, restart: undefined }), options)
})

/**
 * A session through a library client of its own for the life of a layer: `ZooKeeper.layer` with another name.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<ZooKeeper, ZooKeeperError> =>
  Layer.effect(ZooKeeper, make(options))

/**
 * As {@link layer}, with options read from the Config.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<ZooKeeper, ZooKeeperError | Config.ConfigError> =>
  Layer.effect(ZooKeeper, Effect.flatMap(unwrap(options), make))

const error = (reason: Reason): ZooKeeperError => makeError(() => ({ operation: "connect", applied: "no", reason }))

/** Why a client cannot be adopted any more. */
const gone = (state: number): ZooKeeperError | undefined => {
  switch (state) {
    case State.CLOSING:
    case State.CLOSED:
      return error(new Closed())
    case State.SESSION_EXPIRED:
      return error(new SessionExpired())
    case State.AUTHENTICATION_FAILED:
      return error(new AuthFailed({ scheme: "digest", detail: "before the client was adopted" }))
    default:
      return undefined
  }
}

/** The library connects again by itself; there is only to look again. */
const LOOK_AGAIN = Schedule.spaced("100 millis")

/**
 * Uses a client that the application made, told to connect, and goes on using: one session for both. Waits until it is
 * connected and the leader has answered. The client is left alive when the scope closes; when the application closes it,
 * the session is `Closed`; when its session expires, the session is `Expired`, for only the application can make
 * another client.
 *
 * While the scope lasts, the client is guarded: an answer that it cannot read no longer ends the process, half-read
 * frames do not outlive their connection, and a server that is mute is left.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeFrom = Effect.fnUntraced(function* (
  adoptable: AdoptableClient,
  options: AdoptOptions = {}
): Effect.fn.Return<ZooKeeper, ZooKeeperError, Scope.Scope> {
  const client = adoptable as unknown as Client
  const manager = client.connectionManager
  if (typeof manager?.packetQueue !== "object") {
    return yield* unsupportedError("connect", "this is no client of node-zookeeper-client 1.1")
  }
  const over = gone(manager.state)
  if (over !== undefined) return yield* over
  const root = manager.chrootPath ?? ""
  const hosts = manager.servers.map(({ host, port }) => formatHost({ host, port: Number(port) }))
  const checked = yield* Settings.check({
    maxInFlight: MAX_IN_FLIGHT,
    ...options,
    connect: hosts.join(",") + root,
    shuffleHosts: false,
    sessionTimeout: manager.sessionTimeout,
    onExpired: "fail",
    release: "detach"
  })
  const settings = { ...checked, confirm: "quorum" as const, reconnect: LOOK_AGAIN }
  const scope = yield* Scope.fork(yield* Scope.Scope)
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  const { dial, release } = adopted.adopt(client, settings, () => {
    runFork(Scope.close(scope, Exit.void))
  })
  yield* Scope.addFinalizer(scope, Effect.sync(release))
  const session = yield* Scope.provide(NativeSession.make(settings, dial), scope)
  const fits = watchRoom.make(manager, settings.maxRequest)
  const refusal = operations.refusalFor(root, fits)
  const restart = "an adopted client belongs to the application; only it can end its session"
  return yield* fromSession(makeDriver(session, { refusal, restart }), options)
})

/**
 * As {@link makeFrom}, for the life of a layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFrom = (client: AdoptableClient, options?: AdoptOptions): Layer.Layer<ZooKeeper, ZooKeeperError> =>
  Layer.effect(ZooKeeper, makeFrom(client, options))
