/**
 * Nodes whose data has a type: decoded when read, encoded when written, JSON unless said otherwise.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Stat } from "../model/Stat.ts"
import { DecodeFailed, InvalidArgument, make as makeError, ZooKeeperError } from "../model/ZooKeeperError.ts"
import { type Data, text } from "./Data.ts"
import type { CreateOptions, DeleteOptions, SetOptions } from "./service/Nodes.ts"
import type { DataChange } from "./service/Watches.ts"
import { ZooKeeper } from "./ZooKeeper.ts"

/**
 * A value and what the server knows about the node that holds it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Typed<A> {
  readonly value: A
  readonly stat: Stat
}

/**
 * One element of `changes`: the value as it is now, none while there is no node.
 *
 * @category models
 * @since 0.1.0
 */
export interface TypedChange<A> {
  readonly path: string
  readonly node: Option.Option<Typed<A>>
  readonly change: DataChange["change"]
}

/**
 * A path and the type of its data. Reading what is not of the type fails with `DecodeFailed`; writing a value that the
 * schema refuses fails with `InvalidArgument`, and nothing is sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface ZNode<A, R = never> {
  readonly path: string
  readonly get: Effect.Effect<Typed<A>, ZooKeeperError, ZooKeeper | R>
  /** As `get`, none when the node does not exist. */
  readonly getOption: Effect.Effect<Option.Option<Typed<A>>, ZooKeeperError, ZooKeeper | R>
  readonly set: (value: A, options?: SetOptions) => Effect.Effect<Stat, ZooKeeperError, ZooKeeper | R>
  /** Gives the path of the node, which for sequential modes has the counter appended. */
  readonly create: (value: A, options?: CreateOptions) => Effect.Effect<string, ZooKeeperError, ZooKeeper | R>
  readonly delete: (options?: DeleteOptions) => Effect.Effect<void, ZooKeeperError, ZooKeeper>
  /** Replaces the value by what `f` makes of it, if nobody else did meanwhile, else reads and tries again. */
  readonly update: (f: (value: A) => A) => Effect.Effect<Stat, ZooKeeperError, ZooKeeper | R>
  /** The value now and after every change. A value that cannot be decoded ends the stream with `DecodeFailed`. */
  readonly changes: Stream.Stream<TypedChange<A>, ZooKeeperError, ZooKeeper | R>
}

/**
 * How values become bytes and back; failures say why in words.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoding<A, R = never> {
  readonly encode: (value: A) => Effect.Effect<Data, string, R>
  readonly decode: (data: Uint8Array) => Effect.Effect<A, string, R>
}

/**
 * JSON text, checked by a schema.
 *
 * @category constructors
 * @since 0.1.0
 */
export const json = <A, E, RD, RE>(schema: Schema.Codec<A, E, RD, RE>): Encoding<A, RD | RE> => {
  const asText = Schema.fromJsonString(schema)
  const encode = Schema.encodeEffect(asText)
  const decode = Schema.decodeUnknownEffect(asText)
  return {
    encode: (value) => Effect.mapError(encode(value), ({ message }) => message),
    decode: (data) => Effect.mapError(decode(text({ data })), ({ message }) => message)
  }
}

const undecodable = (path: string, detail: string): ZooKeeperError =>
  makeError(() => ({ operation: "decode", path, applied: "no", reason: new DecodeFailed({ detail }) }))

const unencodable = (path: string, detail: string): ZooKeeperError =>
  makeError(() => ({
    operation: "encode",
    path,
    applied: "no",
    reason: new InvalidArgument({ problem: `the value is not of the node's type: ${detail}` })
  }))

/**
 * A node with an encoding of its own.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeWith = <A, R>(path: string, encoding: Encoding<A, R>): ZNode<A, R> => {
  const encode = (value: A) => Effect.mapError(encoding.encode(value), (detail) => unencodable(path, detail))
  const decode = (node: { readonly data: Uint8Array; readonly stat: Stat }) =>
    Effect.mapBoth(encoding.decode(node.data), {
      onFailure: (detail) => undecodable(path, detail),
      onSuccess: (value): Typed<A> => ({ value, stat: node.stat })
    })
  const decodeOption = Option.match({
    onNone: () => Effect.succeedNone as Effect.Effect<Option.Option<Typed<A>>, ZooKeeperError, R>,
    onSome: (node: { readonly data: Uint8Array; readonly stat: Stat }) => Effect.asSome(decode(node))
  })
  const get = ZooKeeper.use((zk) => Effect.flatMap(zk.get(path), decode))
  return {
    path,
    get,
    getOption: ZooKeeper.use((zk) => Effect.flatMap(zk.getOption(path), decodeOption)),
    set: (value, options) =>
      ZooKeeper.use((zk) => Effect.flatMap(encode(value), (data) => zk.set(path, data, options))),
    create: (value, options) =>
      ZooKeeper.use((zk) => Effect.flatMap(encode(value), (data) => zk.create(path, data, options))),
    delete: (options) => ZooKeeper.use((zk) => zk.delete(path, options)),
    update: (f) =>
      ZooKeeper.use((zk) => zk.update(path, (node) => Effect.flatMap(decode(node), ({ value }) => encode(f(value))))),
    changes: Stream.unwrap(
      ZooKeeper.use((zk) =>
        Effect.succeed(
          Stream.mapEffect(zk.changes.data(path), (element) =>
            Effect.map(decodeOption(element.node), (node) => ({ path, node, change: element.change }))
          )
        )
      )
    )
  }
}

/**
 * A node that holds a value of a schema as JSON.
 *
 * ```ts run
 * import * as ZNode from "@effect-zookeeper/core/ZNode"
 * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const limits = ZNode.make("/app/limits", Schema.Struct({ jobs: Schema.Int }))
 *
 * const program = Effect.gen(function* () {
 *   yield* limits.create({ jobs: 3 }, { parents: true })
 *   yield* limits.update(({ jobs }) => ({ jobs: jobs + 1 }))
 *   const { value } = yield* limits.get
 *   yield* Console.log(value.jobs) // => 4
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.provide(ZooKeeper.layer({ connect: "127.0.0.1:2181" }))))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A, E, RD, RE>(path: string, schema: Schema.Codec<A, E, RD, RE>): ZNode<A, RD | RE> =>
  makeWith(path, json(schema))

/**
 * The names of the parameters in a template: `"/users/:id/orders/:order"` has `id` and `order`.
 *
 * @category models
 * @since 0.1.0
 */
export type Parameters<Template extends string> = Template extends `${infer Head}/${infer Tail}`
  ? Parameters<Head> | Parameters<Tail>
  : Template extends `:${infer Name}`
    ? Name
    : never

/**
 * Nodes of one type at paths of one form.
 *
 * @category models
 * @since 0.1.0
 */
export interface Family<Template extends string, A, R = never> {
  /** The node for these parameters; a value that cannot stand in a path fails when the node is used. */
  (parameters: { readonly [Name in Parameters<Template>]: string }): ZNode<A, R>
  readonly template: Template
  /** The parameters of a path of this form; none for other paths. */
  readonly match: (path: string) => Option.Option<{ readonly [Name in Parameters<Template>]: string }>
}

const isParameter = (element: string): boolean => element.startsWith(":")

/**
 * Nodes that hold values of a schema at paths with parameters: `family("/users/:id", User)({ id: "7" })`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const family = <const Template extends string, A, E, RD, RE>(
  template: Template,
  schema: Schema.Codec<A, E, RD, RE>
): Family<Template, A, RD | RE> => {
  const elements = template.split("/")
  const encoding = json(schema)
  const node = (parameters: Readonly<Record<string, string>>) => {
    const values = elements.map((element) => (isParameter(element) ? (parameters[element.slice(1)] ?? "") : element))
    const bad = values.find((value, index) => isParameter(elements[index]!) && (value === "" || value.includes("/")))
    // A slash would silently lead to another family's node: what does not begin with one every operation refuses.
    return makeWith(bad === undefined ? values.join("/") : `'${bad}' in ${template}`, encoding)
  }
  const match = (path: string) => {
    const parts = path.split("/")
    if (parts.length !== elements.length) return Option.none()
    const found: Record<string, string> = {}
    for (const [index, element] of elements.entries()) {
      const part = parts[index]!
      if (isParameter(element) && part !== "") found[element.slice(1)] = part
      else if (element !== part) return Option.none()
    }
    return Option.some(found as { readonly [Name in Parameters<Template>]: string })
  }
  return Object.assign(node, { template, match })
}
