/**
 * The ensemble's configuration, which is also what a change of it answers with.
 */
import { type Node, text } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import { parse } from "../configuration.ts"
import { printable, withNewline } from "./bytes.ts"
import { print } from "./output.ts"
import * as RenderStat from "./stat.ts"

/** Writes the configuration: the text as it is, or its lines apart from its version. */
export const printConfiguration = (node: Node) => {
  const { members, version } = parse(text(node))
  return print({
    text: Effect.sync(() => withNewline(printable(text(node)))),
    json: () => ({
      version: version === undefined ? null : `0x${version}`,
      members,
      stat: RenderStat.toJson(node.stat)
    }),
    items: () => members
  })
}
