/**
 * What was fetched once, kept in a folder that git ignores.
 *
 * Everything is made in a folder of its own and renamed into place when it is complete, so that processes that fetch the
 * same at the same time do not see each other's halves: the first rename wins.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"

/** `ZK_CACHE_DIR`, else `.cache` at the root of the repository. */
export const root = (): string =>
  path.resolve(process.env["ZK_CACHE_DIR"] ?? path.join(import.meta.dirname, "../../../.cache"))

/** The folder `name` of the cache, made by `build` if it is not there yet. */
export const folder = <E>(name: string, build: (folder: string) => Effect.Effect<void, E>): Effect.Effect<string, E> =>
  Effect.suspend(() => {
    const target = path.join(root(), name)
    if (fs.existsSync(target)) return Effect.succeed(target)
    fs.mkdirSync(root(), { recursive: true })
    const unfinished = fs.mkdtempSync(path.join(root(), `.${name}-`))
    return build(unfinished).pipe(
      Effect.map(() => {
        try {
          fs.renameSync(unfinished, target)
        } catch (error) {
          if (!fs.existsSync(target)) throw error
        }
        return target
      }),
      Effect.ensuring(Effect.sync(() => fs.rmSync(unfinished, { recursive: true, force: true })))
    )
  })
