/** Where the contract is run: one way to open sessions on one kind of server, the same for every subject. */
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import type { Vitest } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as SharedServers from "../support/SharedServers.ts"
import { noted, type Notes } from "./noted.ts"

export interface BackendShape {
  /** The servers, all on one tree. */
  readonly connect: string
  /** In ms; at most 60,000 is granted everywhere. */
  readonly minSessionTimeout: number
  readonly open: (options: ZooKeeper.Options) => Effect.Effect<ZooKeeper.ZooKeeper, ZooKeeperError, Scope.Scope>
}

export class Backend extends Context.Service<Backend, BackendShape>()("tests/contract/Backend") {}

/** How the subjects register their tests. */
export interface It {
  readonly effect: Vitest.Test<Backend | Scope.Scope>
}

/** As real servers are set up for tests: `super:secret` is the super user. */
const settings = {
  superDigest: "super:lK75jTNcA+U9vtVEw5vB51mj/w4="
} as const

const SINGLE = { tickTime: 500, minSessionTimeout: 1000 } as const
const ENSEMBLE = { tickTime: 200, minSessionTimeout: 400 } as const

const native = <E, R>(
  connect: Effect.Effect<string, E, R>,
  { minSessionTimeout }: { readonly minSessionTimeout: number } = SINGLE
): Layer.Layer<Backend, E, Exclude<R, Scope.Scope>> =>
  Layer.effect(
    Backend,
    Effect.map(connect, (connect) => ({
      connect,
      minSessionTimeout,
      open: (options) => ZooKeeper.make({ connect, ...options })
    }))
  )

export const testServer: Layer.Layer<Backend> = native(
  Effect.map(TestServer.make({ ...settings, ...SINGLE }), ({ connectString }) => connectString)
)

export const memory: Layer.Layer<Backend> = native(
  Effect.map(TestServer.TestServer, ({ connectString }) => connectString)
).pipe(Layer.provideMerge(TestServer.layerMemory({ ...settings, ...SINGLE })))

export const testCluster: Layer.Layer<Backend> = native(
  Effect.map(TestCluster.TestCluster, ({ connectString }) => connectString),
  ENSEMBLE
).pipe(Layer.provideMerge(TestCluster.layerMemory({ ...settings, ...ENSEMBLE })))

export const realServer: Layer.Layer<Backend> = native(SharedServers.single)

export const realEnsemble: Layer.Layer<Backend> = native(SharedServers.ensemble, ENSEMBLE)

/** The other driver, on the in-process server; what its sessions did and could not do is written down. */
export const nodeZookeeperClient = (notes: Notes): Layer.Layer<Backend> =>
  Layer.effect(
    Backend,
    Effect.map(TestServer.make({ ...settings, ...SINGLE }), ({ connectString }) => ({
      connect: connectString,
      minSessionTimeout: SINGLE.minSessionTimeout,
      open: (options) =>
        Effect.map(NodeZookeeperClient.make({ connect: connectString, ...options }), (zk) => noted(zk, notes))
    }))
  )
