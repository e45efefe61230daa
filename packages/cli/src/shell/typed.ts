/** Lines that somebody types, with a prompt, completion and history. A line that fails is not the end. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { write } from "../render/output.ts"
import { complete } from "./complete.ts"
import * as History from "./history.ts"
import { ends, perform, type Run } from "./line.ts"
import * as Terminal from "./Terminal.ts"

const prompt = ({ session }: ZooKeeper, connect: string): string => {
  const { _tag } = session.state
  return _tag === "Connected" ? `${connect}> ` : `${connect} (${_tag})> `
}

export const typed = Effect.fnUntraced(function* <R>(
  zk: ZooKeeper,
  run: Run<R>,
  verbs: ReadonlyArray<string>,
  connect: string
) {
  const history = yield* History.open
  const terminal = yield* Terminal.make({
    input: process.stdin,
    output: process.stdout,
    history: history.lines,
    complete: (line) => complete(zk, [...verbs, "help", ...ends], line)
  })
  while (true) {
    const line = yield* terminal.read(prompt(zk, connect))
    if (Option.isNone(line)) return yield* write("\n")
    yield* history.add(line.value)
    const outcome = yield* terminal.lend(perform(run, line.value))
    if (Exit.isSuccess(outcome) && outcome.value === "last") return
  }
}, Effect.scoped)
