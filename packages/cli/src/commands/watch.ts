/** `zk watch`: a node's state now and after every change, or every event below it; printed, or each given to a program. */
import type { ChildrenChange, DataChange, WatchElement, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Ids from "@effect-zookeeper/core/Ids"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Session from "../connection/session.ts"
import { UsageError } from "../errors.ts"
import { forEach, overlaps } from "../exec/forEach.ts"
import { optionalProgramArgument } from "../input/program.ts"
import { pathArgument } from "../input/refine.ts"
import * as RenderBytes from "../render/bytes.ts"
import { type Json, line, write } from "../render/output.ts"
import * as RenderStat from "../render/stat.ts"
import * as Verb from "../verb.ts"

/** What there is to tell, and the variables that a program gets with it. */
interface Told {
  readonly json: Json
  readonly env: Readonly<Record<string, string>>
}

const ofData = ({ change, node, path }: DataChange): Told => ({
  json: {
    path,
    change,
    node: Option.getOrNull(
      Option.map(node, ({ data, stat }) => ({ value: RenderBytes.toJson(data), stat: RenderStat.toJson(stat) }))
    )
  },
  env: { ZK_EVENT_TYPE: change, ZK_EVENT_PATH: path }
})

const ofChildren = ({ change, children, path }: ChildrenChange): Told => ({
  json: { path, change, children: Option.getOrNull(children) },
  env: { ZK_EVENT_TYPE: change, ZK_EVENT_PATH: path }
})

const ofEvent =
  (top: string) =>
  (element: WatchElement): Told => {
    const { path, type, zxid } =
      element._tag === "Event" ? element.event : { path: top, type: "Resync", zxid: undefined }
    const hex = zxid === undefined ? undefined : Ids.toHex(zxid)
    return {
      json: { path, type, zxid: hex ?? null },
      env: { ZK_EVENT_TYPE: type, ZK_EVENT_PATH: path, ...(hex === undefined ? {} : { ZK_EVENT_ZXID: hex }) }
    }
  }

const events = Effect.fnUntraced(function* (zk: ZooKeeper, path: string) {
  const elements = yield* zk.watchScoped(path, { recursive: true })
  yield* Effect.logInfo(`Watching ${path} and what is below it`)
  return Stream.map(elements, ofEvent(path))
})

export const watch = Verb.make(
  "watch",
  {
    path: pathArgument,
    command: optionalProgramArgument,
    children: Flag.Boolean("children").pipe(
      Flag.withDescription("Follow the names of the children instead of the data"),
      Flag.withDefault(false)
    ),
    recursive: Flag.Boolean("recursive").pipe(
      Flag.withAlias("R"),
      Flag.withDescription("Every event of the node and of everything below it, instead of states (3.6 and later)"),
      Flag.withDefault(false)
    ),
    once: Flag.Boolean("once").pipe(Flag.withDescription("End after the first change"), Flag.withDefault(false)),
    overlap: Flag.Literals("overlap", overlaps).pipe(
      Flag.withDescription("What a change does while the program runs: wait, end it, or pass [queue]"),
      Flag.withDefault("queue" as const)
    )
  },
  Effect.fnUntraced(function* ({ children, command, once, overlap, path, recursive }) {
    if (children && recursive) return yield* new UsageError({ message: "--children and -R exclude each other" })
    yield* Session.use((zk) =>
      Effect.gen(function* () {
        const all: Stream.Stream<Told, ZooKeeperError> = recursive
          ? Stream.unwrap(events(zk, path))
          : children
            ? Stream.map(zk.changes.children(path), ofChildren)
            : Stream.map(zk.changes.data(path), ofData)
        // A state stream begins with the state at the start.
        const wanted = all.pipe(once ? Stream.take(recursive ? 1 : 2) : identity)
        if (command === undefined) return yield* Stream.runForEach(wanted, ({ json }) => write(line(json)))
        yield* forEach(wanted, overlap, ({ env, json }) => ({ ...command, env, input: line(json) }))
      })
    )
  })
).pipe(Command.withDescription("Print a node's state now and after every change, or run a program each time"))
