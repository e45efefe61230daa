/** Typed nodes, families of them, and updates under contention. */
import * as ZNode from "@effect-zookeeper/core/ZNode"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { make } from "./memory.ts"

class User extends Schema.Class<User>("User")({
  name: Schema.NonEmptyString,
  since: Schema.DateFromString,
  tags: Schema.optionalKey(Schema.Array(Schema.String))
}) {}

const ann = new User({ name: "Ann", since: new Date(0) })

const using = <A, E>(
  run: (zk: ZooKeeper, open: Effect.Success<typeof make>["open"]) => Effect.Effect<A, E, ZooKeeper | Scope.Scope>
) => Effect.flatMap(make, ({ open, zk }) => Effect.provideService(run(zk, open), ZooKeeper, zk))

describe("a typed node", () => {
  const node = ZNode.make("/ann", User)

  it.effect("is written and read as its type, as JSON", () =>
    using((zk) =>
      Effect.gen(function* () {
        assert.isTrue(Option.isNone(yield* node.getOption))
        assert.strictEqual((yield* Effect.flip(node.get)).reason._tag, "NoNode")
        assert.strictEqual(yield* node.create(ann), "/ann")
        assert.strictEqual(yield* zk.getString("/ann"), '{"name":"Ann","since":"1970-01-01T00:00:00.000Z"}')
        const { stat, value } = yield* node.get
        assert.instanceOf(value, User)
        assert.deepStrictEqual([value, stat.version], [ann, 0])
        const tagged = new User({ ...ann, tags: ["x"] })
        yield* node.set(tagged, { version: 0 })
        assert.strictEqual((yield* Effect.flip(node.set(ann, { version: 0 }))).reason._tag, "BadVersion")
        assert.deepStrictEqual(Option.getOrThrow(yield* node.getOption).value, tagged)
        yield* node.update((user) => new User({ ...user, tags: [...(user.tags ?? []), "y"] }))
        assert.deepStrictEqual((yield* node.get).value.tags, ["x", "y"])
        yield* node.delete({ version: 2 })
        assert.isTrue(Option.isNone(yield* zk.exists("/ann")))
      })
    )
  )

  it.effect("whose data is not of its type fails with DecodeFailed, which says where and why", () =>
    using((zk) =>
      Effect.gen(function* () {
        yield* zk.create("/ann", '{"name":""}')
        for (const read of [
          Effect.asVoid(node.get),
          Effect.asVoid(node.getOption),
          Effect.asVoid(node.update((user) => user))
        ]) {
          const error = yield* Effect.flip(read)
          assert.strictEqual(error.reason._tag, "DecodeFailed")
          assert.strictEqual(error.path, "/ann")
          assert.strictEqual(error.applied, "no")
          assert.include(error.message, "name")
        }
        yield* zk.set("/ann", Uint8Array.of(0xff, 0xfe))
        assert.strictEqual((yield* Effect.flip(node.get)).reason._tag, "DecodeFailed")
        const error = yield* Effect.flip(Stream.runDrain(node.changes))
        assert.strictEqual(error.reason._tag, "DecodeFailed")
        // A value that is none is refused before anything is sent.
        const bad = yield* Effect.flip(node.set({ name: "", since: new Date(0) } as User))
        assert.strictEqual(bad.reason._tag, "InvalidArgument")
        assert.deepStrictEqual((yield* zk.get("/ann")).stat.version, 1)
      })
    )
  )

  it.effect("is followed as its type, from before its creation", () =>
    using((zk) =>
      Effect.gen(function* () {
        const seen: Array<readonly [string, string | undefined]> = []
        const step = (count: number) =>
          Effect.gen(function* () {
            while (seen.length < count) yield* Effect.yieldNow
          })
        const fiber = yield* Effect.forkChild(
          Stream.runForEach(node.changes, ({ change, node, path }) =>
            Effect.sync(() => {
              assert.strictEqual(path, "/ann")
              seen.push([change, Option.getOrUndefined(Option.map(node, ({ value }) => value.name))])
            })
          )
        )
        yield* step(1)
        yield* node.create(ann)
        yield* step(2)
        yield* node.set(new User({ ...ann, name: "Anna" }))
        yield* step(3)
        yield* zk.delete("/ann")
        yield* step(4)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(seen, [
          ["initial", undefined],
          ["created", "Ann"],
          ["changed", "Anna"],
          ["deleted", undefined]
        ])
      })
    )
  )

  it.effect("may have an encoding of its own", () =>
    using((zk) =>
      Effect.gen(function* () {
        const count = ZNode.makeWith<number, never>("/count", {
          encode: (value) => (value >= 0 ? Effect.succeed(`${value}`) : Effect.fail("it is negative")),
          decode: (data) => {
            const value = Number(new TextDecoder().decode(data))
            return Number.isNaN(value) ? Effect.fail("it is no number") : Effect.succeed(value)
          }
        })
        yield* count.create(1)
        yield* count.update((value) => value + 41)
        assert.strictEqual((yield* count.get).value, 42)
        assert.include((yield* Effect.flip(count.update(() => -1))).message, "it is negative")
        yield* zk.set("/count", "many")
        assert.include((yield* Effect.flip(count.get)).message, "it is no number")
      })
    )
  )
})

describe("a family of nodes", () => {
  const orders = ZNode.family("/users/:id/orders/:order", Schema.Struct({ total: Schema.Finite }))

  it.effect("has a node for each of its parameters, and knows a path of its own", () =>
    using((zk) =>
      Effect.gen(function* () {
        const order = orders({ id: "7", order: "a" })
        assert.strictEqual(order.path, "/users/7/orders/a")
        yield* order.create({ total: 1 }, { parents: true })
        assert.strictEqual(yield* zk.getString("/users/7/orders/a"), '{"total":1}')
        assert.deepStrictEqual(Option.getOrUndefined(orders.match(order.path)), { id: "7", order: "a" })
        for (const other of ["/users/7/orders", "/users/7/orders/a/b", "/users//orders/a", "/people/7/orders/a"]) {
          assert.isTrue(Option.isNone(orders.match(other)), other)
        }
      })
    )
  )

  it.effect("never leads to a node of another form", () =>
    using(() =>
      Effect.gen(function* () {
        for (const id of ["", "7/orders/a", "..", ".", "a\u0000b"]) {
          const error = yield* Effect.flip(orders({ id, order: "x" }).get)
          assert.strictEqual(error.reason._tag, "InvalidArgument", `'${id}'`)
          assert.strictEqual((yield* Effect.flip(orders({ id, order: "x" }).create({ total: 1 }))).applied, "no")
        }
      })
    )
  )
})

describe("an update", () => {
  it.effect("loses nothing and fails for nobody, however many there are at once", () =>
    using((zk, open) =>
      Effect.gen(function* () {
        yield* zk.create("/count", "0")
        const sessions = yield* Effect.forEach(Array.from({ length: 30 }), () => open())
        const increment = (zk: ZooKeeper) =>
          zk.update("/count", ({ data }) => `${Number(new TextDecoder().decode(data)) + 1}`)
        const all = yield* Effect.forkChild(
          Effect.forEach(
            sessions,
            (zk) => Effect.forEach(Array.from({ length: 20 }), () => increment(zk), { discard: true }),
            { concurrency: "unbounded", discard: true }
          )
        )
        while (all.pollUnsafe() === undefined) yield* TestClock.adjust("10 millis")
        yield* Fiber.join(all)
        assert.strictEqual(yield* zk.getString("/count"), "600")
      })
    )
  )

  it.effect("fails with what its function fails with, and writes nothing then", () =>
    using((zk) =>
      Effect.gen(function* () {
        yield* zk.create("/a", "1")
        assert.strictEqual(yield* Effect.flip(zk.update("/a", () => Effect.fail("no" as const))), "no")
        assert.strictEqual((yield* zk.get("/a")).stat.version, 0)
        assert.strictEqual((yield* Effect.flip(zk.update("/none", () => ""))).applied, "no")
      })
    )
  )
})
