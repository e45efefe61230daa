/** The lines that were typed, in a file of the user's own, for the next time. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as UserDirectories from "effect/persistence/UserDirectories"
import * as Path from "effect/Path"

/** How many lines are kept. */
const KEPT = 1000

/** Passwords and what begins with a space are not for a file. */
const isSecret = (line: string): boolean => line.startsWith(" ") || /--(?:auth|sasl)\b/.test(line)

export interface History {
  /** The newest first. */
  readonly lines: ReadonlyArray<string>
  readonly add: (line: string) => Effect.Effect<void>
}

/** Without a file that can be written there is none, which is no reason to refuse to work. */
export const open = Effect.gen(function* (): Effect.fn.Return<History, never, FileSystem.FileSystem | Path.Path> {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const opened = Effect.gen(function* () {
    const folder = yield* Effect.flatMap(UserDirectories.UserDirectories, ({ state }) => state("zk"))
    const file = paths.join(folder, "history")
    yield* files.makeDirectory(folder, { recursive: true, mode: 0o700 })
    const text = (yield* files.exists(file)) ? yield* files.readFileString(file) : ""
    const lines = text.split("\n").filter((line) => line !== "")
    const kept = lines.slice(-KEPT)
    if (lines.length > 2 * KEPT) yield* files.writeFileString(file, `${kept.join("\n")}\n`, { mode: 0o600 })
    return {
      lines: kept.toReversed(),
      add: (line: string) =>
        isSecret(line)
          ? Effect.void
          : Effect.ignore(files.writeFileString(file, `${line}\n`, { flag: "a", mode: 0o600 }))
    }
  })
  return yield* opened.pipe(
    Effect.provide(UserDirectories.layer),
    Effect.catch((error) =>
      Effect.as(Effect.logWarning(`no history of lines is kept: ${error.message}`), {
        lines: [],
        add: () => Effect.void
      })
    )
  )
})
