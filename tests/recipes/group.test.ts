/** Groups on a real ensemble. */
import * as Group from "@effect-zookeeper/recipes/Group"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { awaitState } from "../support/awaitState.ts"
import { type Client, expire, onServers, PATH, queue, recordRequests, sessions, using } from "./support.ts"

const make = (zk: Client, options: Partial<Group.Options> = {}) => using(zk)(Group.make({ path: PATH, ...options }))

const shown = (members: ReadonlyArray<Group.Member>) =>
  members
    .map(({ data, id }) => `${id}=${ZooKeeper.text({ data })}`)
    .sort()
    .join()

describe("a group", () => {
  for (const dialect of ["curator", "kazoo", "apache"] as const) {
    it.live(`has members with their sessions, in the layout of ${dialect}`, () =>
      Effect.gen(function* () {
        const [one, two, three] = yield* sessions(3)
        const tell = (text: string) => (dialect === "kazoo" ? {} : { data: text })
        const told = (text: string) => (dialect === "kazoo" ? "" : text)
        const onlooker = yield* make(three!, { dialect })
        assert.deepStrictEqual(yield* onlooker.members, [])
        const seen: Array<string> = []
        yield* Effect.forkScoped(
          Stream.runForEach(onlooker.observe, (members) => Effect.sync(() => seen.push(shown(members))))
        )
        const saw = (what: string) =>
          awaitState(
            Effect.sync(() => seen.at(-1)),
            (last) => last === what,
            { describe: `saw '${what}'`, within: "30 seconds" }
          )
        yield* saw("")
        const scope = yield* Scope.make()
        yield* Scope.provide(make(one!, { dialect, id: "ada", ...tell("1") }), scope)
        yield* saw(`ada=${told("1")}`)
        const group = yield* make(two!, { dialect })
        const me = yield* group.join("blaise", tell("2").data)
        yield* saw(`ada=${told("1")},blaise=${told("2")}`)
        assert.strictEqual(shown(yield* group.members), seen.at(-1))
        if (dialect !== "kazoo") {
          yield* me.set("3")
          yield* saw("ada=1,blaise=3")
        }
        yield* expire(two!)
        yield* saw(`ada=${told("1")},blaise=${told("3")}`)
        yield* Scope.close(scope, Exit.void)
        yield* saw(`blaise=${told("3")}`)
        const names = yield* queue(three!)
        assert.match(names[0]!, dialect === "kazoo" ? /^[0-9a-f]{32}__party__$/ : /^blaise$/)
      })
    )
  }

  it.live("tells changes only: not the group's own node, nor what other nodes below members do", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const onlooker = yield* make(zk!)
      const seen: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(onlooker.observe, (members) => Effect.sync(() => seen.push(shown(members))))
      )
      const saw = (...wanted: ReadonlyArray<string>) =>
        awaitState(
          Effect.sync(() => [...seen]),
          (now) => now.length >= wanted.length,
          { describe: `saw ${wanted.join(" ")}` }
        ).pipe(Effect.map((now) => assert.deepStrictEqual(now, wanted)))
      yield* saw("")
      yield* other!.create(PATH, "the group's own")
      yield* other!.set(PATH, "of no concern")
      yield* other!.create(`${PATH}/ada`, "1")
      yield* saw("", "ada=1")
      yield* other!.create(`${PATH}/ada/below`)
      yield* other!.set(`${PATH}/ada`, "1")
      yield* other!.set(`${PATH}/ada`, "2")
      yield* saw("", "ada=1", "ada=2")
    })
  )

  it.live("reads the members of every dialect on one path", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const group = yield* make(zk, { id: "ours", data: "x" })
      yield* zk.create(`${PATH}/${"0".repeat(32)}__party__`, "party")
      yield* zk.create(`${PATH}/${"1".repeat(32)}-shallow`, "")
      assert.strictEqual(shown(yield* group.members), "ours=x,party=,shallow=")
    })
  )

  it.live("takes no member for one of kazoo's that has data of its own", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const id = `${"0".repeat(32)}-web`
      const group = yield* make(zk, { id, data: "x" })
      assert.strictEqual(shown(yield* group.members), `${id}=x`)
    })
  )

  it.live("makes its path as the dialect's programs do: kazoo's do without containers", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const requests = recordRequests(zk)
      for (const [dialect, create] of [
        ["curator", "createContainer"],
        ["kazoo", "create"]
      ] as const) {
        requests.length = 0
        yield* make(zk, { path: `/${dialect}`, id: "me", dialect })
        assert.deepStrictEqual(
          requests.filter((name) => name.startsWith("create")),
          ["create", create, "create"]
        )
      }
    })
  )

  it.live("costs two requests to join and three to leave, and to ask a list and a read for each member", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create(PATH)
      const requests = recordRequests(zk)
      const group = yield* make(zk)
      assert.deepStrictEqual(requests, [])
      yield* Effect.scoped(group.join("ada"))
      assert.deepStrictEqual(requests, ["create", "getData", "sync", "exists", "delete"])
      yield* group.join("blaise")
      yield* group.join("charles")
      requests.length = 0
      assert.strictEqual(shown(yield* group.members), "blaise=,charles=")
      assert.deepStrictEqual(requests, ["getChildren", "getData", "getData"])
    })
  )

  it.live("refuses names that are none, and data where kazoo has no place for it", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const group = yield* make(zk)
      const kazoo = yield* make(zk, { dialect: "kazoo" })
      for (const attempt of [group.join(""), group.join("a/b"), kazoo.join("a", "data")]) {
        assert.strictEqual((yield* Effect.flip(attempt)).reason._tag, "InvalidArgument")
      }
      assert.deepStrictEqual(yield* queue(zk), [])
    })
  )

  it.live("is a layer with a member for as long as it is in use", () => {
    class Workers extends Group.Service<Workers>()("test/Workers", { path: PATH }) {}
    return Effect.gen(function* () {
      const zk = yield* onServers()
      const provided = Layer.succeed(ZooKeeper.ZooKeeper, zk)
      const members = Effect.flatMap(Workers, (workers) => workers.members)
      const layer = Workers.layerConfig({ id: Config.succeed("me") })
      assert.strictEqual(shown(yield* Effect.provide(members, Layer.provide(layer, provided))), "me=")
      assert.strictEqual(shown(yield* Effect.provide(members, Layer.provide(Workers.layer, provided))), "")
    })
  })
})
