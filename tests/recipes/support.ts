/** What the tests of recipes need of sessions: several on one path, their requests and events counted, and their end. */
import * as Path from "@effect-zookeeper/core/Path"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import * as SharedServers from "../support/SharedServers.ts"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { beside, type Client, connectStringOf, type Options } from "../real/clients.ts"
import { awaitState } from "../support/awaitState.ts"
import * as Proxy from "../support/Proxy.ts"
import * as rawSession from "../support/rawSession.ts"

export const PATH = "/recipe"

/** `RECIPES_ON`: `in-process`, or `in-process@3.5`; the shared real ensemble when there is none. */
const [where, version = "3.8"] = process.env["RECIPES_ON"]?.split("@") ?? []

/** Whether the servers have lasting watches (3.6). */
export const lasting = Number((process.env["ZK_VERSION"] ?? version).split(".")[1]) >= 6

/** A session below a chroot of its own, on the shared real ensemble or on an in-process server of its own. */
export const onServers = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<Client, ZooKeeperError, Scope.Scope> {
  const servers =
    where === "in-process"
      ? (yield* TestServer.make({ version: version as "3.5" | "3.8" })).connectString
      : yield* SharedServers.ensemble
  const zk = yield* ZooKeeper.make({ sessionTimeout: "30 seconds", ...options, connect: `${servers}/${randomUUID()}` })
  yield* zk.ensureRoot
  return zk
})

/** Provides a session to whatever makes a recipe. */
export const using =
  (zk: Client) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, ZooKeeper.ZooKeeper>> =>
    Effect.provideService(effect, ZooKeeper.ZooKeeper, zk)

/** So many sessions below one fresh chroot. */
export const sessions = Effect.fnUntraced(function* (
  count: number,
  options: Options = {}
): Effect.fn.Return<ReadonlyArray<Client>, ZooKeeperError, Scope.Scope> {
  const first = yield* onServers(options)
  const others = yield* Effect.forEach(Array(count - 1).keys(), () => beside(first, options), { concurrency: 16 })
  return [first, ...others]
})

/** A session behind a proxy, and one beside it that is not. */
export const proxied = Effect.fnUntraced(function* (options: Options = {}) {
  const other = yield* onServers({ sessionTimeout: "60 seconds" })
  const proxy = yield* Proxy.make({ port: Number(other.session.hosts[0]!.split(":")[1]) })
  const zk = yield* ZooKeeper.make({
    sessionTimeout: "30 seconds",
    releaseTimeout: "500 millis",
    ...options,
    connect: `${proxy.connectString}${other.session.root}`
  })
  return { zk, other, proxy }
})

/** The names below a path as the leader knows them, sorted by their counters; none when there is no such path. */
export const queue = (zk: Client, path = PATH): Effect.Effect<ReadonlyArray<string>, ZooKeeperError> =>
  Effect.andThen(zk.sync(), zk.children(path)).pipe(
    Effect.map((names) => names.toSorted((a, b) => (a.slice(-10) < b.slice(-10) ? -1 : 1))),
    Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeed([]))
  )

/** Waits until so many stand in the queue. */
export const awaitQueue = (zk: Client, length: number, path = PATH) =>
  awaitState(queue(zk, path), (names) => names.length === length, {
    describe: `${length} in the queue of ${path}`,
    within: "30 seconds"
  })

/** Writes down the operations that a session is asked for from now on, by the names of their methods. */
export const recordRequests = (zk: Client): Array<string> => {
  const seen: Array<string> = []
  const { driver } = zk as { driver: { submit: Client["driver"]["submit"] } }
  const submit = driver.submit.bind(driver)
  driver.submit = (call) => {
    seen.push(call.operation.name)
    return submit(call)
  }
  return seen
}

/**
 * Has a session send something else right before it sends a request of that name (and for that path below the chroot), so
 * many times: the server does both in that order, so nothing can come between.
 */
export const precede = (
  zk: Client,
  name: string,
  times: number,
  first: Effect.Effect<unknown, unknown>,
  path = ""
): void => {
  const { driver } = zk as { driver: { submit: Client["driver"]["submit"] } }
  const submit = driver.submit.bind(driver)
  let left = times
  driver.submit = (call) => {
    const isFor = path === "" || (call.request as { readonly path?: string }).path === zk.session.root + path
    if (call.operation.name === name && left > 0 && isFor) {
      left--
      Effect.runFork(first)
    }
    return submit(call)
  }
}

/** Holds the n-th request back until it is let go, of those of that name if one is given. */
export const holdBack = (zk: Client, n: number, name = "") => {
  const { driver } = zk as unknown as { driver: { submit: Client["driver"]["submit"] } }
  const submit = driver.submit
  const asked = Deferred.makeUnsafe<void>()
  let send = () => {}
  let count = 0
  driver.submit = (call) => {
    if ((name !== "" && call.operation.name !== name) || ++count !== n) return submit(call)
    send = () => void submit(call)
    Deferred.doneUnsafe(asked, Effect.void)
    return false
  }
  const letGo = Effect.sync(() => {
    driver.submit = submit
    send()
  })
  return { asked: Deferred.await(asked), letGo }
}

/** Runs with a logger that writes down every message, those of what goes on in the background included. */
export const loggingTo =
  (logged: Array<string>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provide(effect, Logger.layer([Logger.make(({ message }) => logged.push(String(message)))]))

/** Writes down the events that a session gets from now on. */
export const recordEvents = (zk: Client): Array<WatchEvent> => {
  const seen: Array<WatchEvent> = []
  zk.driver.onEvent((event) => seen.push(event))
  return seen
}

/** Ends a session on the server, as if its time were over, and waits until its owner has noticed. */
export const expire = Effect.fnUntraced(function* (zk: Client, server = zk.session.hosts[0]!) {
  const { epoch, id, password } = zk.session
  const isOver = Effect.sync(() => zk.session.epoch > epoch || zk.driver.over !== undefined)
  // The owner may be quicker to come back than the other one is to close: then once more.
  yield* awaitState(
    Effect.andThen(Effect.ignore(rawSession.expireSession(server, id, Redacted.value(password))), isOver),
    (over) => over,
    { describe: "the session has expired and its owner knows", within: "30 seconds" }
  )
})

/**
 * Ends a session on the server while a request of it is unanswered: `change` makes its owner send an `operation`, whose
 * answer is lost with the connection, and the next connection learns that the session is over.
 */
export const expireDuring = Effect.fnUntraced(function* <A, E, R>(
  { other, proxy, zk }: { readonly other: Client; readonly proxy: Proxy.Proxy; readonly zk: Client },
  operation: { readonly code: number },
  change: Effect.Effect<A, E, R>
) {
  const { epoch, id, password } = zk.session
  const dropped = yield* proxy.dropReplyTo(({ type }) => type === operation.code)
  yield* proxy.refuse
  yield* change
  yield* dropped
  yield* rawSession.expireSession(other.session.hosts[0]!, id, Redacted.value(password))
  yield* proxy.listen
  yield* awaitState(
    Effect.sync(() => zk.session.epoch),
    (now) => now > epoch,
    { describe: "a new session", within: "30 seconds" }
  )
})

/** The nodes with their paths. */
export const nodes = (zk: Client, path = PATH) =>
  Effect.map(queue(zk, path), (names) => names.map((name) => Path.join(path, name)))

/** A body that tells when it runs and ends when it is told. */
export const body = () => {
  const entered = Deferred.makeUnsafe<void>()
  const leave = Deferred.makeUnsafe<void>()
  return {
    run: Effect.andThen(Deferred.succeed(entered, undefined), Deferred.await(leave)),
    entered: Deferred.await(entered),
    leave: Deferred.succeed(leave, undefined)
  }
}

/** Whether it runs by now. */
export const isEntered = (work: { readonly entered: Effect.Effect<void> }) =>
  Effect.map(Effect.timeoutOption(work.entered, 0), Option.isSome)

export { beside, type Client, connectStringOf, type Options }
