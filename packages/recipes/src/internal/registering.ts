/** Instances that are registered: their nodes with what they tell of themselves, kept or left to stay. */
import * as Path from "@effect-zookeeper/core/Path"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { randomUUID } from "node:crypto"
import { parentMode } from "../Dialect.ts"
import * as PersistentNode from "../PersistentNode.ts"
import type { ServiceDiscovery } from "../ServiceDiscovery.ts"
import type { Changes, Registration, ServiceInstance, ServiceType } from "../ServiceInstance.ts"
import * as InstanceJson from "./instanceJson.ts"
import { invalid } from "./invalid.ts"
import { createBelow } from "./parents.ts"
import type { Payload } from "./payload.ts"
import * as UriSpec from "./uriSpec.ts"

const MAX_PORT = 65_535

/** What is wrong with an instance; undefined when nothing is. */
const problem = ({ port, sslPort, uriSpec }: ServiceInstance): string | undefined => {
  for (const [name, value] of Object.entries({ port, sslPort })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 0 && value <= MAX_PORT)) {
      return `${name} is ${value}; it must be a whole number from 0 to ${MAX_PORT}`
    }
  }
  return uriSpec === undefined ? undefined : UriSpec.problem(uriSpec)
}

const changed = <P>(instance: ServiceInstance<P>, { payload, ...details }: Changes<P>): ServiceInstance<P> => {
  const next = { ...instance, ...details }
  return { ...next, enabled: next.enabled ?? true, payload: payload === undefined ? instance.payload : payload }
}

interface Prepared<P> {
  readonly path: string
  readonly instance: ServiceInstance<P>
  readonly data: string
}

/** How instances are written down. `pathOf` refuses names that are none. */
export const registering = <P>(
  zk: ZooKeeper,
  { encode }: Payload<P>,
  pathOf: (operation: string, name: string, id: string) => Effect.Effect<string, ZooKeeperError>
): Pick<ServiceDiscovery<P>, "register" | "add"> => {
  /** The data of its node. */
  const dataOf = Effect.fnUntraced(function* (operation: string, path: string, instance: ServiceInstance<P>) {
    const refuse = (why: string) => invalid(operation, path, why)
    const bad = problem(instance)
    if (bad !== undefined) return yield* refuse(bad)
    const payload = yield* Effect.mapError(encode(instance.payload), (why) =>
      refuse(`the payload is of another type: ${why}`)
    )
    return yield* Effect.try({
      try: () => InstanceJson.write({ ...instance, payload }),
      catch: (error) => refuse(`the payload cannot be written as JSON: ${String(error)}`)
    })
  })

  const prepare = Effect.fnUntraced(function* (
    operation: string,
    registration: Registration<P>,
    serviceType: ServiceType
  ): Effect.fn.Return<Prepared<P>, ZooKeeperError> {
    const { id = randomUUID(), name, ...told } = registration
    const path = yield* pathOf(operation, name, id)
    const blank: ServiceInstance<P> = {
      name,
      id,
      address: undefined,
      port: undefined,
      sslPort: undefined,
      // Left out only where its type has it.
      payload: null as P,
      registrationTimeUTC: yield* Clock.currentTimeMillis,
      serviceType,
      uriSpec: undefined,
      enabled: true
    }
    const instance = changed(blank, told as Changes<P>)
    return { path, instance, data: yield* dataOf(operation, path, instance) }
  })

  return {
    register: Effect.fnUntraced(function* (registration) {
      const { data, path, ...prepared } = yield* prepare("register", registration, "DYNAMIC")
      let { instance } = prepared
      const node = yield* Effect.provideService(PersistentNode.make({ path, data }), ZooKeeper, zk)
      const turn = Semaphore.makeUnsafe(1)
      return {
        path,
        isPresent: node.isPresent,
        presence: node.presence,
        instance: Effect.sync(() => instance),
        // In turn, so that of two who change different fields each has its way.
        update: (changes) =>
          turn.withPermit(
            Effect.gen(function* () {
              const next = changed(instance, changes)
              const nextData = yield* dataOf("update", path, next)
              instance = next
              yield* node.set(nextData)
            })
          )
      }
    }),
    add: Effect.fnUntraced(function* (registration) {
      const { data, instance, path } = yield* prepare("add", registration, "PERMANENT")
      yield* createBelow(zk, Path.parent(path), parentMode("curator"), zk.create(path, data))
      return instance
    })
  }
}
