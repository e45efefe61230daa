/**
 * Where a session's id and password survive the process, so that a restarted program keeps its ephemeral nodes.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { mkdir, open, readFile, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import * as Ids from "../model/Ids.ts"
import type { Identity } from "./Session.ts"

/**
 * Keeps one identity. A store that fails does not end the session: that it could not load or save is logged.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionStore {
  /** What was saved last; none when there is nothing, or nothing that can be read. */
  readonly load: Effect.Effect<Option.Option<Identity>, SessionStoreError>
  /** Called when a session is made and at each renewal, before the application hears of it. */
  readonly save: (identity: Identity) => Effect.Effect<void, SessionStoreError>
  /** Called when the session was closed or has expired for good, so that nobody resumes it. */
  readonly clear: Effect.Effect<void, SessionStoreError>
}

/**
 * Why a store did not do its work.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionStoreError {
  readonly message: string
}

const attempt = <A>(what: string, run: () => Promise<A>): Effect.Effect<A, SessionStoreError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => ({ message: `${what}: ${cause instanceof Error ? cause.message : String(cause)}` })
  })

const decode = (text: string): Option.Option<Identity> => {
  const [idText = "", passwordText = ""] = text.trim().split(" ")
  const id = Ids.fromHex(idText)
  return id !== undefined && /^([0-9a-f]{2})+$/.test(passwordText)
    ? Option.some({ id, password: Redacted.make(new Uint8Array(Buffer.from(passwordText, "hex"))) })
    : Option.none()
}

/**
 * A store in a file that only its owner can read (mode 0600), replaced atomically at each save: whoever reads it finds
 * the old identity or the new one. A file that holds something else counts as empty.
 *
 * A program that died and comes back within the session timeout finds its session and its ephemeral nodes as they were;
 * later, the server refuses the old session and the program gets a new one. Only one process at a time may use the file:
 * resuming is a takeover, and two owners of one session cannot be told apart.
 *
 * ```ts
 * import * as SessionStore from "@effect-zookeeper/core/SessionStore"
 * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
 *
 * const live = ZooKeeper.layer({
 *   connect: "zk1:2181,zk2:2181,zk3:2181/game",
 *   sessionTimeout: "30 seconds",
 *   sessionStore: SessionStore.file("/var/lib/game/session")
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const file = (path: string): SessionStore => ({
  load: attempt(`cannot read the session file ${path}`, () =>
    readFile(path, "utf8").then(decode, (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return Option.none()
      throw error
    })
  ),
  // To its end: what is given up half-way would write on beside what follows.
  save: ({ id, password }) =>
    Effect.uninterruptible(
      attempt(`cannot write the session file ${path}`, async () => {
        await mkdir(dirname(path), { recursive: true })
        const temporary = `${path}.${process.pid}.tmp`
        const handle = await open(temporary, "w", 0o600)
        try {
          await handle.writeFile(`${Ids.toHex(id)} ${Buffer.from(Redacted.value(password)).toString("hex")}\n`)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(temporary, path)
      })
    ),
  clear: attempt(`cannot remove the session file ${path}`, () => rm(path, { force: true }))
})
