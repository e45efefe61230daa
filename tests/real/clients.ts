/** Sessions for tests on real servers, each below a chroot of its own, and what tests ask of a failure. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { Reason, ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type { Operation } from "@effect-zookeeper/core/wire/Operation"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { awaitState } from "../support/awaitState.ts"
import type { Proxy } from "../support/Proxy.ts"
import * as SharedServers from "../support/SharedServers.ts"

/** The service that a test works with. */
export type Client = ZooKeeper.ZooKeeper

/** What a session is opened with, but for where. */
export type Options = Omit<ZooKeeper.Options, "connect">

/** A session on the shared single server, below a fresh chroot that exists. */
export const onSingle = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<Client, ZooKeeperError, Scope.Scope> {
  const zk = yield* ZooKeeper.make({
    sessionTimeout: "30 seconds",
    ...options,
    connect: `${yield* SharedServers.single}/${randomUUID()}`
  })
  yield* zk.ensureRoot
  return zk
})

/** Another session on the server and below the chroot of `zk`. */
export const beside = (zk: Client, options: Options = {}) =>
  ZooKeeper.make({ sessionTimeout: "30 seconds", ...options, connect: connectStringOf(zk) })

/** The connect string that leads to where `zk` is. */
export const connectStringOf = (zk: Client): string =>
  zk.session.hosts.join(",") + (zk.session.root === "/" ? "" : zk.session.root)

/** The error of an operation that must fail for this reason. */
export const refused = Effect.fnUntraced(function* <A, E extends ZooKeeperError, R>(
  operation: Effect.Effect<A, E, R>,
  tag: Reason["_tag"],
  applied: "no" | "unknown" = "no"
) {
  const error = yield* Effect.flip(operation)
  assert.strictEqual(error.reason._tag, tag, error.message)
  assert.strictEqual(error.applied, applied, error.message)
  return error
})

/** Why a bare request failed: the server's code, or a reason of ours. */
export class CallFailed {
  readonly _tag = "CallFailed"
  readonly code: number | undefined
  readonly reason: Reason | undefined
  constructor(code: number | undefined, reason?: Reason) {
    this.code = code
    this.reason = reason
  }
}

/** Sends an operation of the wire as it is; paths are the server's. */
export const call = <Request, Response>(
  zk: Client,
  operation: Operation<Request, Response>,
  request: Request
): Effect.Effect<Response, CallFailed> =>
  Effect.callback((resume) => {
    zk.driver.submit<Request, Response>({
      operation,
      request,
      succeed: (response) => resume(Effect.succeed(response)),
      refuse: (code) => resume(Effect.fail(new CallFailed(code))),
      fail: (reason) => resume(Effect.fail(new CallFailed(undefined, reason)))
    })
  })

/** Whether the server that `zk` is connected to has release `minor` of line 3, or a later one. */
export const has = Effect.fnUntraced(function* (zk: Client, minor: number, patch = 0) {
  const answer = yield* zk.fourLetterWord("srvr")
  if (answer._tag !== "Answered") return assert.fail(`srvr: ${JSON.stringify(answer)}`)
  const [, ours = 0, ourPatch = 0] = answer.value.version.split(".").map(Number)
  return ours > minor || (ours === minor && ourPatch >= patch)
})

/** Gathers the states that the stream gives from now on; the present one is there on return. */
export const recordStates = Effect.fnUntraced(function* (zk: Client) {
  const seen: Array<string> = []
  const fiber = yield* Effect.forkScoped(
    Stream.runForEach(zk.session.states, (state) => Effect.sync(() => seen.push(state._tag)))
  )
  yield* awaitState(
    Effect.sync(() => seen.length),
    (length) => length > 0,
    { describe: "the present state" }
  )
  return { seen, ended: Fiber.await(fiber) }
})

/** Waits until a node is there, or gone, as `zk` sees it. */
export const awaitNode = (zk: Client, path: string, wanted: "there" | "gone") =>
  awaitState(zk.exists(path), (stat) => (stat._tag === "Some") === (wanted === "there"), {
    describe: `${path} is ${wanted}`,
    within: "30 seconds"
  })

/** Waits until a session is connected, in at least this epoch. */
export const awaitConnected = (zk: Client, epoch = 1) =>
  awaitState(
    Effect.sync(() => ({ state: zk.session.state._tag, connected: zk.session.connected, epoch: zk.session.epoch })),
    (now) => now.connected && now.state === "Connected" && now.epoch >= epoch,
    { describe: `connected in epoch ${epoch}`, within: "30 seconds" }
  )

/** Takes the network away, and waits until the session has noticed; `proxy.listen` gives it back. */
export const cutOff = Effect.fnUntraced(function* (zk: Client, proxy: Proxy) {
  yield* proxy.refuse
  yield* proxy.cut
  yield* awaitState(
    Effect.sync(() => zk.session.connected),
    (connected) => !connected,
    { describe: "the connection is gone" }
  )
})

/** Waits until the session watches so many paths, and would again after a reconnect. */
export const awaitWatched = (zk: Client, count: number) =>
  awaitState(
    Effect.sync(() => zk.driver.watches.size),
    (size) => size === count,
    { describe: `${count} paths are watched` }
  )

/** The bytes of a text. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The text of bytes. */
export const text = (data: Uint8Array): string => new TextDecoder().decode(data)
