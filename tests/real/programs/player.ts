/**
 * A game server that keeps its session in a file: `node player.ts CONNECT FILE NODE TIMEOUT`. It is in the list for as long as its
 * ephemeral node exists. Prints one line of JSON once it is in, then lives until it is killed.
 */
import * as SessionStore from "@effect-zookeeper/core/SessionStore"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"

const [connect = "", file = "", node = "", timeout = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const zk = yield* ZooKeeper.make({ connect, sessionTimeout: Number(timeout), sessionStore: SessionStore.file(file) })
  const before = yield* zk.getOption(node)
  const isOurs = before._tag === "Some" && before.value.stat.ephemeralOwner === zk.session.id
  if (!isOurs) yield* zk.create(node, `${process.pid}`, { mode: "ephemeral" })
  process.stdout.write(`${JSON.stringify({ id: `${zk.session.id}`, wasIn: isOurs })}\n`)
  return yield* Effect.never
})

Effect.runFork(Effect.scoped(program))
