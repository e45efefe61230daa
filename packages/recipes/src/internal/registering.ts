/** An instance that is registered: its node, kept, with what it tells of itself. */
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import * as PersistentNode from "../PersistentNode.ts"
import type { Registered } from "../ServiceDiscovery.ts"
import type { Changes, Registration, ServiceInstance } from "../ServiceInstance.ts"
import * as InstanceJson from "./instanceJson.ts"
import { invalid } from "./invalid.ts"
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

/** The data of its node, with the payload as JSON. */
const dataOf = (path: string, instance: ServiceInstance): Effect.Effect<string, ZooKeeperError> => {
  const bad = problem(instance)
  if (bad !== undefined) return Effect.fail(invalid("register", path, bad))
  return Effect.try({
    try: () => InstanceJson.write(instance),
    catch: (error) => invalid("register", path, `the payload cannot be written as JSON: ${String(error)}`)
  })
}

const changed = <P>(instance: ServiceInstance<P>, { payload, ...details }: Changes<P>): ServiceInstance<P> => {
  const next = { ...instance, ...details }
  return { ...next, enabled: next.enabled ?? true, payload: payload === undefined ? instance.payload : payload }
}

export const registering = <P>(
  zk: ZooKeeper,
  { encode }: Payload<P>,
  pathOf: (name: string, id: string) => Effect.Effect<string, ZooKeeperError>
) =>
  Effect.fnUntraced(function* (
    registration: Registration<P>
  ): Effect.fn.Return<Registered<P>, ZooKeeperError, Scope.Scope> {
    const { id = randomUUID(), name, ...told } = registration
    const path = yield* pathOf(name, id)
    const encoded = (payload: P) =>
      Effect.mapError(encode(payload), (why) => invalid("register", path, `the payload is of another type: ${why}`))
    const blank: ServiceInstance<P> = {
      name,
      id,
      address: undefined,
      port: undefined,
      sslPort: undefined,
      // Left out only where its type has it.
      payload: null as P,
      registrationTimeUTC: yield* Clock.currentTimeMillis,
      serviceType: "DYNAMIC",
      uriSpec: undefined,
      enabled: true
    }
    let instance = changed(blank, told as Changes<P>)
    let json = yield* encoded(instance.payload)
    const data = yield* dataOf(path, { ...instance, payload: json })
    const node = yield* Effect.provideService(PersistentNode.make({ path, data }), ZooKeeper, zk)
    return {
      path,
      isPresent: node.isPresent,
      presence: node.presence,
      instance: Effect.sync(() => instance),
      update: (changes) =>
        Effect.gen(function* () {
          const given = changes.payload === undefined ? undefined : { json: yield* encoded(changes.payload) }
          // Nothing comes between from here on, so that of two who change different fields each has its way.
          const next = changed(instance, changes)
          const nextJson = given === undefined ? json : given.json
          const nextData = yield* dataOf(path, { ...next, payload: nextJson })
          instance = next
          json = nextJson
          yield* node.set(nextData)
        })
    }
  })
