/**
 * kazoo, ZooKeeper's usual Python client: from PyPI into the cache, else Debian's package unpacked there.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cache from "./zookeeper/cache.ts"
import { type CommandFailed, run } from "./zookeeper/command.ts"
import { unpacked } from "./zookeeper/debian.ts"

/** There is no way to run kazoo on this machine; the message says what to install. */
export class NoKazoo extends Data.TaggedError("NoKazoo")<{ readonly message: string }> {}

const VERSION = "2.10.0"

// A folder of modules and no virtual environment: those cannot be moved, and what is made in the cache is renamed.
const fromPyPI = cache.folder(`kazoo-${VERSION}`, (folder) =>
  Effect.asVoid(
    run("python3", [
      "-m",
      "pip",
      "install",
      "-q",
      "--disable-pip-version-check",
      "--target",
      folder,
      `kazoo==${VERSION}`
    ])
  )
)

const fromDebian = Effect.map(unpacked("debian-kazoo", ["python3-kazoo", "python3-six"]), (folder) =>
  path.join(folder, "usr/lib/python3/dist-packages")
)

/** The folder to put on `PYTHONPATH`. */
export const modules: Effect.Effect<string, NoKazoo> = run("python3", ["--version"]).pipe(
  Effect.andThen(
    Effect.catch(fromPyPI, (pip) =>
      Effect.mapError(fromDebian, (debian) => ({ message: `${pip.message}\n${debian.message}` }))
    )
  ),
  Effect.mapError(
    ({ message }) =>
      new NoKazoo({
        message:
          "These tests need Python 3 and kazoo, and this machine can get neither from PyPI nor from Debian. Install python3 " +
          `with pip (Debian and Ubuntu: apt-get install python3-pip).\n${message}`
      })
  )
)

/** Runs a Python program that may import kazoo to its end, and gives what it printed; fails with that if it fails. */
export const python = (
  program: string,
  args: ReadonlyArray<string>,
  options: { readonly timeout?: number } = {}
): Effect.Effect<string, NoKazoo | CommandFailed> =>
  Effect.flatMap(modules, (folder) => {
    if (!fs.existsSync(program)) return Effect.die(new Error(`no such program: ${program}`))
    return run("env", [`PYTHONPATH=${folder}`, "PYTHONDONTWRITEBYTECODE=1", "python3", program, ...args], options)
  })
