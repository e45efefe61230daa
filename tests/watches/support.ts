/** What tests of watches share: sessions behind proxies, streams written down, and the server's own count of watches. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import * as Proxy from "../support/Proxy.ts"
import { awaitState } from "../support/awaitState.ts"
import * as SharedServers from "../support/SharedServers.ts"
import { type Client, onSingle, type Options } from "../real/clients.ts"

/** A proxy in front of each host of a connect string. */
const proxies = (hosts: ReadonlyArray<string>) =>
  Effect.forEach(hosts, (host) => Proxy.make({ port: Number(host.split(":")[1]) }))

const cutAll = (all: ReadonlyArray<Proxy.Proxy>) => Effect.forEach(all, ({ cut }) => cut, { discard: true })

export interface Proxied {
  readonly zk: Client
  /** A session that nothing comes in the way of. */
  readonly other: Client
  readonly proxies: ReadonlyArray<Proxy.Proxy>
  /** Cuts the connection of `zk`; nobody waits for it to be noticed. */
  readonly cut: Effect.Effect<void>
}

const behind = Effect.fnUntraced(function* (
  other: Client,
  options: Options
): Effect.fn.Return<Proxied, ZooKeeperError, Scope.Scope> {
  const all = yield* proxies(other.session.hosts)
  const hosts = all.map(({ connectString }) => connectString).join(",")
  const root = other.session.root === "/" ? "" : other.session.root
  const zk = yield* ZooKeeper.make({ sessionTimeout: "30 seconds", ...options, connect: hosts + root })
  return { zk, other, proxies: all, cut: cutAll(all) }
})

/** On the shared single server. */
export const single = (options: Options = {}) => Effect.flatMap(onSingle(), (other) => behind(other, options))

/** On the shared ensemble: every cut leads to another server. */
export const ensemble = Effect.fnUntraced(function* (options: Options = {}) {
  const other = yield* ZooKeeper.make({ connect: `${yield* SharedServers.ensemble}/${randomUUID()}` })
  yield* other.ensureRoot
  return yield* behind(other, options)
})

/** On a server of the test's own. */
export const on = Effect.fnUntraced(function* (connect: string, options: Options = {}) {
  return yield* behind(yield* ZooKeeper.make({ connect }), options)
})

export interface Recording<A> {
  readonly seen: ReadonlyArray<A>
  /** Waits until the newest element is such a one. */
  readonly last: (predicate: (element: A) => boolean, describe: string) => Effect.Effect<A, unknown>
  /** Waits for so many elements, and gives the new ones since the last call. */
  readonly next: (count: number, describe?: string) => Effect.Effect<ReadonlyArray<A>, unknown>
  readonly fiber: Fiber.Fiber<void, ZooKeeperError>
}

const newest = <A>(seen: ReadonlyArray<A>) => seen.slice(-5)

/** Writes a stream's elements down; when it fails, whoever waits for an element is told why. */
export const record = Effect.fnUntraced(function* <A>(
  stream: Stream.Stream<A, ZooKeeperError>
): Effect.fn.Return<Recording<A>, never, Scope.Scope> {
  const seen: Array<A> = []
  const fiber = yield* Effect.forkScoped(Stream.runForEach(stream, (element) => Effect.sync(() => seen.push(element))))
  const until = (predicate: () => boolean, describe: string) =>
    Effect.raceFirst(
      awaitState(
        Effect.sync(() => newest(seen)),
        predicate,
        { describe, within: "60 seconds" }
      ),
      Effect.andThen(Fiber.join(fiber), Effect.never)
    )
  let taken = 0
  return {
    seen,
    fiber,
    last: (predicate, describe) =>
      Effect.map(
        until(() => seen.length > 0 && predicate(seen.at(-1)!), describe),
        () => seen.at(-1)!
      ),
    next: (count, describe = `${count} more elements`) =>
      Effect.map(
        until(() => seen.length >= taken + count, describe),
        () => {
          const elements = seen.slice(taken)
          taken = seen.length
          return elements
        }
      )
  }
})

/** How many watches the server has, in both of its tables: `wchs` tells of the first one only. */
export const watchesOf = (zk: Client) =>
  Effect.gen(function* () {
    const summary = yield* zk.fourLetterWord("wchs")
    const metrics = yield* zk.fourLetterWord("mntr")
    if (summary._tag !== "Answered" || metrics._tag !== "Answered") return assert.fail("no answer to wchs and mntr")
    return { wchs: summary.value.watches, all: Number(metrics.value["zk_watch_count"]) }
  })

/** Does something that ends the connection, and waits for the next one. */
export const awaitReconnect = <A, E, R>(zk: Client, cut: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    let lost = false
    const stop = zk.driver.onState(({ _tag }) => {
      if (_tag !== "Connected") lost = true
    })
    yield* cut
    yield* awaitState(
      Effect.sync(() => ({ lost, connected: zk.session.connected })),
      (now) => now.lost && now.connected,
      { describe: "lost and connected again", within: "30 seconds" }
    )
    stop()
  })

/** Takes the network away while something happens elsewhere; returns when all watches are registered again. */
export const away = <A, E, R>({ cut, proxies, zk }: Proxied, meanwhile: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    for (const proxy of proxies) yield* proxy.refuse
    yield* cut
    yield* meanwhile
    for (const proxy of proxies) yield* proxy.listen
    yield* zk.sync()
  })

/** Counts the requests that go through a proxy, by their code. */
export const countRequests = Effect.fnUntraced(function* (proxy: Proxy.Proxy) {
  const counts = new Map<number, number>()
  // A rule that drops nothing sees everything.
  const never = yield* proxy.dropReplyTo(({ type }) => {
    counts.set(type, (counts.get(type) ?? 0) + 1)
    return false
  })
  assert.isDefined(never)
  return (operation: { readonly code: number }): number => counts.get(operation.code) ?? 0
})
