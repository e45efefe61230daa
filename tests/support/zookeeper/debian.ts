/**
 * Debian packages without root: downloaded and unpacked into the cache, not installed.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cache from "./cache.ts"
import { type CommandFailed, run } from "./command.ts"

/** Lists and archives of our own, for whoever may not refresh the system's or has none. */
const privateState = (folder: string): ReadonlyArray<string> => {
  const state = path.join(folder, "state")
  const archives = path.join(folder, "archives")
  for (const each of [path.join(state, "lists/partial"), path.join(archives, "archives/partial")]) {
    fs.mkdirSync(each, { recursive: true })
  }
  return [`Dir::State=${state}`, `Dir::Cache=${archives}`, "Dir::State::status=/var/lib/dpkg/status"].flatMap(
    (option) => ["-o", option]
  )
}

const download = (packages: ReadonlyArray<string>, folder: string): Effect.Effect<void, CommandFailed> => {
  const get = (options: ReadonlyArray<string>) =>
    run("apt-get", ["download", "-q", ...options, ...packages], { cwd: folder })
  return get([]).pipe(
    // The system's lists are missing, or so old that their packages are gone from the mirror.
    Effect.catch(() => {
      const options = privateState(folder)
      return Effect.andThen(run("apt-get", ["update", "-q", ...options]), get(options))
    }),
    Effect.asVoid
  )
}

/** The tree of these packages in the cache. `finish` puts right what does not stand where the packages expect it. */
export const unpacked = (
  name: string,
  packages: ReadonlyArray<string>,
  finish: (folder: string) => void = () => {}
): Effect.Effect<string, CommandFailed> =>
  cache.folder(
    name,
    Effect.fnUntraced(function* (folder: string) {
      const work = path.join(folder, "work")
      fs.mkdirSync(work)
      yield* download(packages, work)
      for (const file of fs.readdirSync(work).filter((each) => each.endsWith(".deb"))) {
        yield* run("dpkg", ["-x", path.join(work, file), folder])
      }
      fs.rmSync(work, { recursive: true })
      finish(folder)
    })
  )
