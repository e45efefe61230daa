/** What the tabulator key puts in: verbs at the beginning of a line, names of nodes in a path. */
import * as Path from "@effect-zookeeper/core/Path"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"

/** What may stand for the end of a line, and that end. */
export type Completion = readonly [candidates: ReadonlyArray<string>, end: string]

/** Whoever types does not wait longer. */
const PATIENCE = "1 second"

/** The last word, as far as it was typed; none inside quotes. */
const lastWord = (line: string): string => /(?:^|\s)((?:\\.|[^\s\\'"])*)$/.exec(line)?.[1] ?? ""

const escape = (text: string): string => text.replaceAll(/[\s\\'"]/g, "\\$&")

const unescape = (text: string): string => text.replaceAll(/\\(.)/g, "$1")

const nodes = (zk: ZooKeeper, word: string): Effect.Effect<Completion> => {
  const typed = unescape(word)
  const parent = typed.slice(0, typed.lastIndexOf("/")) || "/"
  return zk.children(parent).pipe(
    Effect.timeout(PATIENCE),
    Effect.map((names) => names.map((name) => Path.join(parent, name)).filter((path) => path.startsWith(typed))),
    Effect.map((paths): Completion => [paths.toSorted().map(escape), word]),
    // What cannot be listed has no names to put in.
    Effect.orElseSucceed((): Completion => [[], word])
  )
}

export const complete = (zk: ZooKeeper, verbs: ReadonlyArray<string>, line: string): Effect.Effect<Completion> => {
  const word = lastWord(line)
  if (line.trimStart() === word) {
    return Effect.succeed([verbs.filter((verb) => verb.startsWith(word)).map((verb) => `${verb} `), word])
  }
  return word.startsWith("/") ? nodes(zk, word) : Effect.succeed([[], word])
}
