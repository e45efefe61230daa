/** What a session store is told, whatever happens to the connection and the session meanwhile. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import type { Options } from "../../src/session/Options.ts"
import type { Identity } from "../../src/session/Session.ts"
import { MemoryNetwork, settle } from "../support/MemoryNetwork.ts"
import { server } from "../support/scripts.ts"

/** A store in memory that takes `time` to save; `seen` tells what it was asked. */
const storeOf = (time: Effect.Effect<void> = Effect.void) => {
  const seen: Array<string> = []
  const kept: { identity: Option.Option<Identity> } = { identity: Option.none() }
  const note = (what: string) => Effect.sync(() => void seen.push(what))
  const store = {
    load: Effect.sync(() => kept.identity),
    save: (identity: Identity) =>
      Effect.andThen(note(`save ${identity.id}`), time).pipe(
        Effect.andThen(Effect.sync(() => void (kept.identity = Option.some(identity)))),
        Effect.andThen(note("saved"))
      ),
    clear: Effect.andThen(
      note("clear"),
      Effect.sync(() => void (kept.identity = Option.none()))
    )
  }
  return { kept, seen, store }
}

const make = (network: MemoryNetwork, options: Options) =>
  ZooKeeper.make({
    connect: "a:1",
    sessionTimeout: "12 seconds",
    reconnect: Schedule.spaced("100 millis"),
    ...options
  }).pipe(network.provide)

const pass = (millis: number) =>
  Effect.gen(function* () {
    for (let passed = 0; passed < millis; passed += 100) {
      yield* TestClock.adjust(100)
      yield* settle
    }
  })

const gone = server({ handshake: () => ({ timeOut: 0, sessionId: 0n }) })

describe("the identity", () => {
  it.effect("is saved once, before the application hears of it, although the connection breaks meanwhile", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const { seen, store } = storeOf(Effect.sleep("1 second"))
      const opening = yield* Effect.forkChild(make(network, { sessionStore: store }), { startImmediately: true })
      yield* pass(500)
      network.last.close()
      yield* pass(400)
      assert.isUndefined(opening.pollUnsafe())
      yield* pass(300)
      const zk = yield* Fiber.join(opening)
      assert.strictEqual(zk.session.epoch, 1)
      assert.deepStrictEqual(seen, [`save ${zk.session.id}`, "saved"])
    })
  )

  it.effect("is saved although that takes longer than a login may", () =>
    Effect.gen(function* () {
      const { seen, store } = storeOf(Effect.sleep("7 seconds"))
      const network = new MemoryNetwork(server())
      const opening = yield* Effect.forkChild(make(network, { sessionStore: store, connectTimeout: "1 minute" }), {
        startImmediately: true
      })
      yield* pass(9000)
      const zk = yield* Fiber.join(opening)
      assert.deepStrictEqual(seen, [`save ${zk.session.id}`, "saved"])
      assert.isAbove(network.sessions.length, 1)
    })
  )

  it.effect("of a session that was closed is not there afterwards, even if it was still being saved", () =>
    Effect.gen(function* () {
      const { kept, seen, store } = storeOf(Effect.sleep("10 seconds"))
      const network = new MemoryNetwork(server())
      const scope = yield* Scope.make()
      const opening = yield* Effect.forkChild(Scope.provide(make(network, { sessionStore: store }), scope), {
        startImmediately: true
      })
      yield* pass(500)
      yield* Fiber.interrupt(opening)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* pass(5000)
      yield* Fiber.join(closing)
      assert.isTrue(Option.isNone(kept.identity))
      assert.notInclude(seen, "saved")
    })
  )

  it.effect("of a session that has expired for good is not resumed for ever", () =>
    Effect.gen(function* () {
      const { kept, seen, store } = storeOf()
      const options: Options = { sessionStore: store, onExpired: "fail" }
      const network = new MemoryNetwork(server())
      yield* Effect.scoped(
        Effect.gen(function* () {
          const zk = yield* make(network, options)
          network.script = gone
          network.last.close()
          yield* pass(1000)
          assert.strictEqual(zk.session.state._tag, "Expired")
        })
      )
      assert.isTrue(Option.isNone(kept.identity))
      // Nor one that has expired while nobody was there.
      yield* store.save({ id: 7n, password: (yield* make(new MemoryNetwork(server()), {})).session.password })
      const error = yield* Effect.flip(Effect.scoped(make(network, options)))
      assert.strictEqual(error.reason._tag, "SessionExpired")
      assert.isTrue(Option.isNone(kept.identity), seen.join(", "))
    })
  )

  it.effect("of a session that was never reached may be resumed later", () =>
    Effect.gen(function* () {
      const { kept, store } = storeOf()
      yield* Effect.scoped(make(new MemoryNetwork(server()), { sessionStore: store, release: "detach" }))
      assert.isTrue(Option.isSome(kept.identity))
      const nobody = new MemoryNetwork(server({ accept: () => ({ refused: "ECONNREFUSED" }) }))
      const opening = yield* Effect.forkChild(Effect.scoped(make(nobody, { sessionStore: store })), {
        startImmediately: true
      })
      yield* pass(1000)
      yield* Fiber.interrupt(opening)
      assert.isTrue(Option.isSome(kept.identity))
    })
  )

  it.effect("of a session that its program gave up may be resumed", () =>
    Effect.gen(function* () {
      const { kept, store } = storeOf()
      const network = new MemoryNetwork(server())
      yield* Effect.scoped(
        Effect.gen(function* () {
          const zk = yield* make(network, { sessionStore: store, reconnect: "1 second", sessionTimeout: "1 minute" })
          network.script = server({ accept: () => ({ refused: "ECONNREFUSED" }) })
          network.last.close()
          yield* pass(30_000)
          assert.strictEqual(zk.session.state._tag, "Closed")
        })
      )
      assert.isTrue(Option.isSome(kept.identity))
    })
  )
})
