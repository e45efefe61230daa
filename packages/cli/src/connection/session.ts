/**
 * The session of one command: opened as the flags say once the command knows what to do, closed when it is done. A line of
 * the shell has the shell's.
 */
import * as SessionStore from "@effect-zookeeper/core/SessionStore"
import { type Options, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { logging } from "../render/stderr.ts"
import { Shell } from "../shell/Shell.ts"
import { read, readSasl } from "./auth.ts"
import { layer as driverLayer } from "./driver.ts"
import { root } from "./flags.ts"
import * as Tls from "./tls.ts"

const options = Effect.gen(function* () {
  const flags = yield* root
  const auth = yield* Effect.forEach(flags.auth, read)
  const tls = yield* Tls.read(flags)
  const sasl = Option.isSome(flags.sasl) ? yield* readSasl(flags.sasl.value) : undefined
  return {
    connect: flags.connect,
    connectTimeout: flags.timeout,
    sessionTimeout: flags.sessionTimeout,
    readOnly: flags.readonly,
    auth,
    tls,
    sasl,
    ...(Option.isSome(flags.acl) ? { defaultAcl: flags.acl.value } : {}),
    // A session in a file is there to be resumed by the next command, so this one must not close it.
    ...(Option.isSome(flags.sessionFile)
      ? { sessionStore: SessionStore.file(flags.sessionFile.value), release: "detach" as const }
      : {})
  } satisfies Options
})

const layer = Layer.unwrap(
  Effect.gen(function* () {
    const { driver } = yield* root
    return driverLayer(driver, yield* options)
  })
).pipe(Layer.provideMerge(logging))

/** Runs `f` with a session. */
export const use = <A, E, R>(f: (zk: ZooKeeper) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(Shell, (shell) =>
    shell === undefined
      ? Effect.provide(Effect.flatMap(ZooKeeper, f), layer)
      : Effect.provide(Effect.provideService(f(shell.zk), ZooKeeper, shell.zk), logging)
  )

/** Whether the session is there before and after the command: in a file, or in the shell. */
export const isLasting = Effect.gen(function* () {
  const { sessionFile } = yield* root
  return Option.isSome(sessionFile) || (yield* Shell) !== undefined
})
