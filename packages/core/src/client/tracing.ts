/**
 * A span for each operation where somebody traces, by OpenTelemetry's conventions for databases; nothing at all where
 * nobody does, since a span costs more than the operation.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { Session } from "../session/Session.ts"

/** What a span tells of an operation. */
interface Traced {
  readonly name: string
  readonly path: string | undefined
  readonly view: { readonly session: Session; readonly root: string }
}

const attributes = ({ name, path, view }: Traced): Record<string, unknown> => {
  const server = view.session.info.server
  const colon = server?.lastIndexOf(":") ?? -1
  return {
    "db.system.name": "zookeeper",
    "db.operation.name": name,
    ...(view.root === "" ? {} : { "db.namespace": view.root }),
    ...(path === undefined ? {} : { "zookeeper.path": path }),
    ...(server === undefined
      ? {}
      : { "server.address": server.slice(0, colon), "server.port": Number(server.slice(colon + 1)) })
  }
}

const failed = (span: Tracer.Span, { reason }: ZooKeeperError): void => span.attribute("error.type", reason._tag)

/** Whether a tracer is installed and wanted. */
export const isTraced = (fiber: Fiber.Fiber<unknown, unknown> | undefined): boolean =>
  fiber?.cache.tracer !== undefined && fiber.cache.tracerEnabled

/** Runs the operation within a span. Paths are an attribute, never part of the span's name. */
export const traced = <A>(
  what: Traced,
  operation: Effect.Effect<A, ZooKeeperError>
): Effect.Effect<A, ZooKeeperError> =>
  Effect.useSpan(`zookeeper.${what.name}`, { kind: "client", attributes: attributes(what) }, (span) =>
    Effect.tapError(operation, (error) => Effect.sync(() => failed(span, error)))
  )
