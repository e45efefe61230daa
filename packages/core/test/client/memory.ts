/** A session below a chroot on an in-process server, on Effect's clock. */
import { Transport } from "@effect-zookeeper/core/Transport"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import * as Effect from "effect/Effect"

type Options = Omit<NonNullable<Parameters<typeof ZooKeeper.make>[0]>, "connect">

/** Sessions on one server: `open` makes one more. */
export const make = Effect.gen(function* () {
  const server = yield* TestServer.make({ listen: "memory" })
  const open = (options: Options = {}) =>
    Effect.provideService(
      ZooKeeper.make({ ...options, connect: `${server.connectString}/app` }),
      Transport,
      server.transport
    )
  const zk = yield* open()
  yield* zk.ensureRoot
  return { server, open, zk }
})
