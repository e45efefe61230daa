/** The drivers behind the seam, each as a way to open a session on a connect string. */
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import nzc, { type Client, stop } from "./nzc.ts"

export type Options = Omit<NodeZookeeperClient.Options, "connect">

export type Open = (
  connect: string,
  options?: Options
) => Effect.Effect<ZooKeeper.ZooKeeper, ZooKeeperError, Scope.Scope>

export const native: Open = (connect, options) => ZooKeeper.make({ ...options, connect })

export const own: Open = (connect, options) => NodeZookeeperClient.make({ ...options, connect })

/** A client as an application makes one, told to connect, and closed at the end of the scope. */
export const applicationClient = (
  connect: string,
  options?: { readonly sessionTimeout?: number; readonly retries?: number }
): Effect.Effect<Client, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const client = nzc.createClient(connect, { sessionTimeout: 10_000, spinDelay: 50, ...options })
      client.connect()
      return client
    }),
    (client) => Effect.sync(() => stop(client))
  )

export const adopted: Open = (connect, options) =>
  Effect.flatMap(applicationClient(connect), (client) =>
    NodeZookeeperClient.makeFrom(client, {
      ...(options?.operationTimeout === undefined ? {} : { operationTimeout: options.operationTimeout }),
      ...(options?.auth === undefined ? {} : { auth: options.auth })
    })
  )
