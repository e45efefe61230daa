/**
 * Which instances of which services there are: registered by themselves, looked up and followed by others, on one path with
 * Curator's service discovery.
 *
 * @since 0.1.0
 */
import * as Path from "@effect-zookeeper/core/Path"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CacheFailure } from "./Cache.ts"
import { choosing } from "./internal/choosing.ts"
import { invalid } from "./internal/invalid.ts"
import { namesBelow, readBelow } from "./internal/listed.ts"
import { payloadOf } from "./internal/payload.ts"
import { registering } from "./internal/registering.ts"
import { readWith, serviceView } from "./internal/serviceView.ts"
import type { PersistentNode } from "./PersistentNode.ts"
import { factory, type RecipeClass } from "./Service.ts"
import type { Changes, Registration, ServiceInstance } from "./ServiceInstance.ts"
import type * as ServiceProvider from "./ServiceProvider.ts"

/**
 * Where the services stand, and what their payloads are.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<P = unknown> {
  /** The node below which each service has a node; made when somebody registers. */
  readonly path: string
  /**
   * The type of the payloads, whose encoded form is JSON; `null` stands for none. Instances with another payload are skipped,
   * with a warning. Default: any JSON value, unchecked.
   */
  readonly payload?: Schema.Codec<P, unknown> | undefined
}

/**
 * An instance that is registered, until the scope closes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Registered<P = unknown> extends Pick<PersistentNode, "path" | "isPresent" | "presence"> {
  /** What it tells of itself, after the changes that were made here. */
  readonly instance: Effect.Effect<ServiceInstance<P>>
  /**
   * Changes what it tells, in the node that is there if it is ours, and in all that come after it; after the changes that were
   * begun before. Fails with `InvalidArgument` as `register` does, and changes nothing then.
   */
  readonly update: (changes: Changes<P>) => Effect.Effect<void, ZooKeeperError>
}

/**
 * A discovery as one process sees it.
 *
 * What stands below a service and is no instance is skipped, with a warning: what is no JSON, has no name or id, or a payload
 * that the schema refuses. A name or an id that cannot be that of a node fails with `InvalidArgument`.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceDiscovery<P = unknown> {
  /**
   * Registers an instance until the scope closes; its node is put back whenever it is lost, with its session or by hand.
   * Returns once the node is there, however long that takes: one of that id that another session has is waited for to go.
   * Fails with `InvalidArgument` also for a port out of bounds, a `uriSpec` whose braces hold no variable, and a payload that
   * the schema refuses or that is no JSON.
   */
  readonly register: (registration: Registration<P>) => Effect.Effect<Registered<P>, ZooKeeperError, Scope.Scope>
  /**
   * Writes down an instance that belongs to no session and stays until somebody removes it (`PERMANENT`): something that does
   * not speak ZooKeeper itself. Fails with `NodeExists` when there is one of that id, with `InvalidArgument` as `register`
   * does, and where its answer is lost with `applied: "unknown"`. Interrupted, it may be done all the same.
   */
  readonly add: (registration: Registration<P>) => Effect.Effect<ServiceInstance<P>, ZooKeeperError>
  /** Takes an instance out, and says whether it was there. One that is registered is put back by whoever registered it. */
  readonly remove: (name: string, id: string) => Effect.Effect<boolean, ZooKeeperError>
  /** The services, sorted. One whose last instance has gone may still be there for a while. */
  readonly names: Effect.Effect<ReadonlyArray<string>, ZooKeeperError>
  /** The instances of a service as they are now, by the names of their nodes; those that are not enabled, too. */
  readonly instances: (name: string) => Effect.Effect<ReadonlyArray<ServiceInstance<P>>, ZooKeeperError>
  /** One instance as it is now. */
  readonly instance: (name: string, id: string) => Effect.Effect<Option.Option<ServiceInstance<P>>, ZooKeeperError>
  /**
   * The instances of a service now and after every change of one; a slow subscriber gets the newest. Goes on through
   * disconnects and renewed sessions. Fails with `CacheFull` for more than 100,000 nodes.
   */
  readonly observe: (name: string) => Stream.Stream<ReadonlyArray<ServiceInstance<P>>, CacheFailure>
  /**
   * Chooses among the instances of a service until the scope closes. Returns before they were read. Fails with
   * `InvalidArgument` for a `DownPolicy` whose errors are no whole number above 0, or whose time is no duration.
   */
  readonly provider: (
    name: string,
    options?: ServiceProvider.Options<P>
  ) => Effect.Effect<ServiceProvider.ServiceProvider<P>, ZooKeeperError, Scope.Scope>
}

const isElement = (text: string): boolean =>
  text !== "" && !text.includes("/") && Path.problem(`/${text}`) === undefined

/**
 * A discovery below a path. Creates nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* <P = unknown>(
  options: Options<P>
): Effect.fn.Return<ServiceDiscovery<P>, never, ZooKeeper> {
  const zk = yield* ZooKeeper
  const payload = yield* payloadOf(options.payload)
  const read = readWith(payload)

  /** The path of a service, or of one instance of it. */
  const pathOf = (operation: string, ...elements: ReadonlyArray<string>) => {
    const bad = elements.find((element) => !isElement(element))
    if (bad === undefined) return Effect.succeed(elements.reduce(Path.join, options.path))
    return Effect.fail(invalid(operation, options.path, `'${bad}' cannot be the name of a node`))
  }

  return {
    ...registering(zk, payload, pathOf),
    remove: (name, id) =>
      Effect.flatMap(pathOf("remove", name, id), (path) =>
        Effect.as(zk.delete(path), true).pipe(
          Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeed(false))
        )
      ),
    names: Effect.map(namesBelow(zk, options.path), (names) => names.toSorted()),
    instances: (name) =>
      Effect.flatMap(pathOf("instances", name), (path) =>
        readBelow(zk, path, (id, node) => read(Path.join(path, id), node))
      ),
    instance: Effect.fnUntraced(function* (name, id) {
      const path = yield* pathOf("instance", name, id)
      const node = yield* zk.getOption(path)
      return Option.isNone(node) ? Option.none() : yield* read(path, node.value)
    }),
    observe: (name) => Stream.unwrap(Effect.map(pathOf("observe", name), (path) => serviceView(zk, path, read))),
    provider: (name, given = {}) =>
      Effect.flatMap(pathOf("provider", name), (path) => choosing(path, serviceView(zk, path, read), given))
  }
})

/**
 * What makes classes of discoveries, each with the type of its payloads.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceFactory {
  <Self>(): <const Id extends string, P = unknown>(
    id: Id,
    options: Options<P>
  ) => RecipeClass<Self, Id, Options<P>, ServiceDiscovery<P>>
}

/**
 * A discovery as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory =
  <Self>() =>
  <const Id extends string, P>(id: Id, options: Options<P>) =>
    factory(make<P>)<Self>()(id, options)
