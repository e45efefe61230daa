/** `zk watch`: the state of a node now and after every change, one JSON value a line. */
import type { ChildrenChange, DataChange, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Session from "../connection/session.ts"
import { pathArgument } from "../input/refine.ts"
import * as RenderBytes from "../render/bytes.ts"
import { type Json, line, write } from "../render/output.ts"
import * as RenderStat from "../render/stat.ts"

const dataJson = ({ change, node, path }: DataChange): Json => ({
  path,
  change,
  node: Option.getOrNull(
    Option.map(node, ({ data, stat }) => ({ value: RenderBytes.toJson(data), stat: RenderStat.toJson(stat) }))
  )
})

const childrenJson = ({ change, children, path }: ChildrenChange): Json => ({
  path,
  change,
  children: Option.getOrNull(children)
})

const changes = (zk: ZooKeeper, path: string, children: boolean) =>
  children ? Stream.map(zk.changes.children(path), childrenJson) : Stream.map(zk.changes.data(path), dataJson)

export const watch = Command.make(
  "watch",
  {
    path: pathArgument,
    children: Flag.Boolean("children").pipe(
      Flag.withDescription("Follow the names of the children instead of the data"),
      Flag.withDefault(false)
    ),
    once: Flag.Boolean("once").pipe(Flag.withDescription("End after the first change"), Flag.withDefault(false))
  },
  ({ children, once, path }) =>
    Session.use((zk) =>
      changes(zk, path, children).pipe(
        // The state at the start and the first change.
        once ? Stream.take(2) : identity,
        Stream.runForEach((json) => write(line(json)))
      )
    )
).pipe(Command.withDescription("Print a node's state now and after every change, as NDJSON"))
