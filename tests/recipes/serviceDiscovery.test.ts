/** Service discovery: registered, looked up and followed on a real ensemble. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as ServiceDiscovery from "@effect-zookeeper/recipes/ServiceDiscovery"
import type { ServiceInstance } from "@effect-zookeeper/recipes/ServiceInstance"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { awaitState } from "../support/awaitState.ts"
import { whileAway } from "./cached.ts"
import {
  type Client,
  expire,
  loggingTo,
  onServers,
  PATH,
  proxied,
  queue,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const make = (zk: Client) => using(zk)(ServiceDiscovery.make({ path: PATH }))

const shown = (instances: ReadonlyArray<ServiceInstance>) =>
  instances.map(({ enabled, id, payload }) => `${id}=${JSON.stringify(payload)}${enabled ? "" : "!"}`).join()

/** Follows a service; says whether it saw something last. */
const follow = Effect.fnUntraced(function* (discovery: ServiceDiscovery.ServiceDiscovery, name: string) {
  const seen: Array<string> = []
  yield* Effect.forkScoped(
    Stream.runForEach(discovery.observe(name), (instances) => Effect.sync(() => seen.push(shown(instances))))
  )
  const saw = (what: string) =>
    awaitState(
      Effect.sync(() => seen.at(-1)),
      (last) => last === what,
      { describe: `saw '${what}'`, within: "30 seconds" }
    )
  return { saw, seen }
})

const isInvalid = Effect.fnUntraced(function* <E extends { readonly message: string }>(
  attempt: Effect.Effect<unknown, E, Scope.Scope>,
  problem: string
) {
  const error = yield* Effect.flip(attempt)
  assert.include(error.message, problem)
  assert.strictEqual((error as unknown as { reason: { _tag: string } }).reason._tag, "InvalidArgument")
})

describe("a service", () => {
  it.live("has instances with their sessions, for whoever asks and whoever follows", () =>
    Effect.gen(function* () {
      const [one, two, three] = yield* sessions(3)
      const onlooker = yield* make(three!)
      assert.deepStrictEqual(yield* onlooker.names, [])
      assert.deepStrictEqual(yield* onlooker.instances("web"), [])
      assert.deepStrictEqual(yield* onlooker.instance("web", "a"), Option.none())
      const { saw } = yield* follow(onlooker, "web")
      yield* saw("")
      const scope = yield* Scope.make()
      yield* Scope.provide(
        Effect.flatMap(make(one!), ({ register }) => register({ name: "web", id: "a" })),
        scope
      )
      yield* saw("a=null")
      const second = yield* (yield* make(two!)).register({ name: "web", id: "b", payload: { weight: 1 } })
      yield* saw('a=null,b={"weight":1}')
      yield* second.update({ payload: { weight: 2 } })
      yield* saw('a=null,b={"weight":2}')
      yield* second.update({ enabled: false })
      yield* saw('a=null,b={"weight":2}!')
      yield* Scope.close(scope, Exit.void)
      yield* saw('b={"weight":2}!')
      assert.deepStrictEqual(yield* onlooker.names, ["web"])
      assert.strictEqual(shown(yield* onlooker.instances("web")), 'b={"weight":2}!')
      assert.strictEqual(Option.getOrThrow(yield* onlooker.instance("web", "b")).enabled, false)
    })
  )

  it.live("tells everything of an instance, and what was changed", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const discovery = yield* make(zk)
      const told = {
        name: "web",
        id: "a",
        address: "10.0.0.1",
        port: 80,
        sslPort: 443,
        payload: [1, { two: null }],
        uriSpec: "{scheme}://{address}",
        enabled: false
      }
      const before = Date.now()
      const registered = yield* discovery.register(told)
      const instance = yield* registered.instance
      const { registrationTimeUTC } = instance
      assert.deepStrictEqual(instance, { ...told, registrationTimeUTC, serviceType: "DYNAMIC" })
      assert.isTrue(before <= registrationTimeUTC && registrationTimeUTC <= Date.now())
      assert.deepStrictEqual(yield* discovery.instance("web", "a"), Option.some(instance))
      yield* Effect.all(
        [
          registered.update({ enabled: true, sslPort: undefined }),
          registered.update({ payload: null }),
          registered.update({ port: 8080 })
        ],
        { concurrency: "unbounded" }
      )
      const changed = { ...instance, enabled: true, sslPort: undefined, payload: null, port: 8080 }
      assert.deepStrictEqual(yield* registered.instance, changed)
      assert.deepStrictEqual(yield* discovery.instances("web"), [changed])
      assert.strictEqual(registered.path, `${PATH}/web/a`)
      assert.isTrue(yield* registered.isPresent)
    })
  )

  it.live(
    "has an instance put back with its newest data by the session that follows, and when somebody deletes it",
    () =>
      Effect.gen(function* () {
        const [zk, other] = yield* sessions(2)
        const registered = yield* (yield* make(zk!)).register({ name: "web", id: "a", payload: 1 })
        yield* registered.update({ payload: 2 })
        const { saw } = yield* follow(yield* make(other!), "web")
        yield* saw("a=2")
        yield* expire(zk!)
        const path = `${PATH}/web/a`
        yield* awaitState(
          other!.getOption(path),
          (node) => Option.isSome(node) && node.value.stat.ephemeralOwner === zk!.session.id,
          { describe: "the next session's node", within: "30 seconds" }
        )
        yield* saw("a=2")
        const { stat } = yield* other!.get(path)
        yield* other!.delete(`${PATH}/web`, { recursive: true })
        yield* awaitState(other!.getOption(path), (node) => Option.isSome(node) && node.value.stat.czxid > stat.czxid, {
          describe: "another node",
          within: "30 seconds"
        })
        yield* saw("a=2")
      })
  )

  it.live("shows who follows it without a connection what was there, and then what is", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const theirs = yield* make(other)
      yield* theirs.register({ name: "web", id: "a" })
      const discovery = yield* make(zk)
      const { saw } = yield* follow(discovery, "web")
      const provider = yield* discovery.provider("web")
      yield* saw("a=null")
      assert.strictEqual(shown(yield* provider.instances), "a=null")
      yield* whileAway(
        { proxy, zk },
        Effect.gen(function* () {
          yield* theirs.register({ name: "web", id: "b" })
          assert.strictEqual(shown(yield* provider.instances), "a=null")
        })
      )
      yield* saw("a=null,b=null")
      yield* awaitState(Effect.map(provider.instances, shown), (now) => now === "a=null,b=null", { describe: "both" })
    })
  )

  it.live("is read past what is no instance, with one warning for each state of it", () =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const { proxy, zk, other } = yield* proxied()
      yield* Effect.gen(function* () {
        const discovery = yield* make(zk)
        const good = '{"name":"web","id":"a"}'
        yield* other.create(`${PATH}/web/a`, good, { parents: true })
        yield* other.create(`${PATH}/web/b`, "{")
        yield* other.create(`${PATH}/web/c`, "")
        const { saw, seen } = yield* follow(discovery, "web")
        yield* saw("a=null")
        yield* other.set(`${PATH}/web/c`, good.replace('"a"', '"c"'))
        yield* saw("a=null,c=null")
        yield* whileAway({ proxy, zk }, other.set(`${PATH}/web/c`, "[]"))
        yield* saw("a=null")
        assert.deepStrictEqual(seen, ["a=null", "a=null,c=null", "a=null"])
        const warned = (name: string) =>
          `${PATH}/web/${name} is no instance of a service and is skipped: it is no JSON object`
        assert.deepStrictEqual(logged, [warned("b"), warned("c"), warned("c")])
        assert.strictEqual(shown(yield* discovery.instances("web")), "a=null")
        assert.isTrue(Option.isNone(yield* discovery.instance("web", "b")))
        assert.deepStrictEqual(logged.slice(3), [warned("b"), warned("c"), warned("b")])
      }).pipe(loggingTo(logged))
    })
  )

  it.live("has payloads of a schema's type: others are skipped when read, and refused when written", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const Weight = Schema.Struct({ weight: Schema.FiniteFromString })
      const typed = yield* using(zk)(ServiceDiscovery.make({ path: PATH, payload: Weight }))
      const untyped = yield* make(zk)
      const registered = yield* typed.register({ name: "web", id: "a", payload: { weight: 1 } })
      yield* untyped.register({ name: "web", id: "b", payload: { weight: "heavy" } })
      yield* untyped.register({ name: "web", id: "c" })
      yield* registered.update({ payload: { weight: 2 } })
      assert.strictEqual(shown(yield* untyped.instances("web")), 'a={"weight":"2"},b={"weight":"heavy"},c=null')
      const logged: Array<string> = []
      const instances = yield* loggingTo(logged)(typed.instances("web"))
      assert.deepStrictEqual(
        instances.map(({ payload }) => payload.weight),
        [2]
      )
      assert.strictEqual(logged.length, 2)
      assert.include(
        logged[0],
        `${PATH}/web/b is no instance of a service and is skipped: its payload is of another type: `
      )
      const heavy = "heavy" as unknown as number
      yield* isInvalid(typed.register({ name: "web", payload: { weight: heavy } }), "the payload is of another type")
      yield* isInvalid(registered.update({ payload: { weight: heavy }, port: 1 }), "the payload is of another type")
      assert.strictEqual((yield* registered.instance).port, undefined)
      // @ts-expect-error The payload may be left out only where its type has null.
      yield* isInvalid(typed.register({ name: "web" }), "the payload is of another type")
    })
  )

  it.live("is chosen from by a provider that follows it", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const theirs = yield* make(other!)
      const provider = yield* (yield* make(zk!)).provider("web", { down: { errors: 1 } })
      assert.isTrue(Option.isNone(yield* provider.instance))
      const one = yield* theirs.register({ name: "web", id: "a" })
      yield* theirs.register({ name: "web", id: "b" })
      const reaches = (what: string) =>
        awaitState(Effect.map(provider.instances, shown), (now) => now === what, { describe: `chooses from ${what}` })
      yield* reaches("a=null,b=null")
      const chosen = yield* Effect.replicateEffect(provider.instance, 4)
      assert.deepStrictEqual(chosen.map((each) => Option.getOrThrow(each).id).sort(), ["a", "a", "b", "b"])
      yield* one.update({ enabled: false })
      yield* reaches("b=null")
      const last = Option.getOrThrow(yield* provider.instance)
      yield* provider.noteError(last)
      assert.isTrue(Option.isNone(yield* provider.instance))
    })
  )

  it.live("has instances that stay, for what does not speak ZooKeeper", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const discovery = yield* make(zk!)
      const added = yield* discovery.add({ name: "db", id: "a", address: "10.0.0.9", port: 5432 })
      assert.deepStrictEqual([added.serviceType, added.enabled], ["PERMANENT", true])
      yield* other!.sync()
      const { stat } = yield* other!.get(`${PATH}/db/a`)
      assert.strictEqual(stat.ephemeralOwner, 0n)
      const theirs = yield* make(other!)
      assert.deepStrictEqual(yield* theirs.instances("db"), [added])
      assert.strictEqual((yield* Effect.flip(discovery.add({ name: "db", id: "a" }))).reason._tag, "NodeExists")
      assert.isTrue(yield* theirs.remove("db", "a"))
      assert.isFalse(yield* discovery.remove("db", "a"))
      assert.isFalse(yield* discovery.remove("none", "a"))
    })
  )

  it.live("costs two requests to register, two to change and four to end; to ask, a list and a read for each", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create(`${PATH}/web`, "", { parents: true })
      const requests = recordRequests(zk)
      const discovery = yield* make(zk)
      assert.deepStrictEqual(requests, [])
      yield* Effect.scoped(
        Effect.gen(function* () {
          const registered = yield* discovery.register({ name: "web", id: "a" })
          assert.deepStrictEqual(requests, ["create", "getData"])
          yield* registered.update({ enabled: false })
          yield* awaitState(
            Effect.sync(() => requests.slice(2)),
            (seen) => seen.join() === "setData,getData",
            { describe: "it is written, and looked at again" }
          )
          // Answered after the look.
          yield* zk.sync()
          requests.length = 0
        })
      )
      assert.deepStrictEqual(requests, ["removeWatches", "sync", "exists", "delete"])
      yield* discovery.register({ name: "web", id: "a" })
      yield* discovery.register({ name: "web", id: "b" })
      requests.length = 0
      assert.strictEqual(shown(yield* discovery.instances("web")), "a=null,b=null")
      assert.deepStrictEqual(requests, ["getChildren", "getData", "getData"])
      requests.length = 0
      yield* discovery.instance("web", "a")
      yield* discovery.names
      assert.deepStrictEqual(requests, ["getData", "getChildren"])
      const provider = yield* discovery.provider("web")
      yield* provider.instance
      requests.length = 0
      yield* provider.instance
      assert.deepStrictEqual(requests, [])
    })
  )

  it.live("makes its path of containers, and gives an id to who has none", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const requests = recordRequests(zk)
      const discovery = yield* make(zk)
      const { path } = yield* discovery.register({ name: "web" })
      assert.deepStrictEqual(
        requests.filter((name) => name.startsWith("create")),
        ["create", "createContainer", "createContainer", "create"]
      )
      assert.match(path, /^\/recipe\/web\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      assert.deepStrictEqual(yield* queue(zk, `${PATH}/web`), [path.slice(`${PATH}/web/`.length)])
    })
  )

  it.live("refuses what cannot be, before anything is sent", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const discovery = yield* make(zk)
      const requests = recordRequests(zk)
      for (const bad of ["", "a/b", ".", ".."]) {
        const problem = `'${bad}' cannot be the name of a node`
        for (const attempt of [
          discovery.register({ name: bad }),
          discovery.register({ name: "web", id: bad }),
          discovery.instances(bad),
          discovery.add({ name: bad }),
          discovery.remove("db", bad),
          discovery.instance(bad, "a"),
          discovery.instance("web", bad),
          discovery.provider(bad),
          Effect.catchTag(Stream.runDrain(discovery.observe(bad)), "CacheFull", Effect.die)
        ]) {
          yield* isInvalid(attempt, problem)
        }
      }
      const endless: Array<unknown> = []
      endless.push(endless)
      for (const [details, problem] of [
        [{ port: 65_536 }, "port is 65536; it must be a whole number from 0 to 65535"],
        [{ sslPort: 1.5 }, "sslPort is 1.5; it must be a whole number"],
        [{ uriSpec: "{" }, "the uriSpec '{' has braces"],
        [{ payload: endless }, "the payload cannot be written as JSON: TypeError"]
      ] as const) {
        yield* isInvalid(discovery.register({ name: "web", ...details }), `: ${problem}`)
        yield* isInvalid(discovery.add({ name: "web", ...details }), `: ${problem}`)
      }
      assert.deepStrictEqual(requests, [])
    })
  )

  it.live("is a layer, and an instance of it is another one", () => {
    class Services extends ServiceDiscovery.Service<Services>()("test/Services", { path: "/elsewhere" }) {}
    return Effect.gen(function* () {
      const zk = yield* onServers()
      const me = Layer.effectDiscard(Effect.flatMap(Services, ({ register }) => register({ name: "web", id: "me" })))
      const services = Services.layerConfig({ path: Config.succeed(PATH) })
      const live = Layer.provideMerge(me, Layer.provide(services, Layer.succeed(ZooKeeper.ZooKeeper, zk)))
      const instances = Effect.flatMap(Services, ({ instances }) => instances("web"))
      assert.strictEqual(shown(yield* Effect.provide(instances, live)), "me=null")
      assert.deepStrictEqual(yield* queue(zk, `${PATH}/web`), [])
    })
  })
})
