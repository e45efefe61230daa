/**
 * A Java to run servers with: the machine's, else Debian's, unpacked into the cache.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { CommandFailed, run } from "./command.ts"
import { unpacked } from "./debian.ts"

/** The package's configuration stands in /etc, and its links say so; here it stands in the cache. */
const repointLinks = (folder: string): void => {
  const jvm = path.join(folder, "usr/lib/jvm")
  for (const entry of fs.readdirSync(jvm, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue
    const link = path.join(entry.parentPath, entry.name)
    const leadsTo = fs.readlinkSync(link)
    if (!path.isAbsolute(leadsTo)) continue
    fs.unlinkSync(link)
    fs.symlinkSync(path.relative(entry.parentPath, path.join(folder, leadsTo)), link)
  }
}

const inTree = (folder: string): string => {
  const jvm = path.join(folder, "usr/lib/jvm")
  const home = fs.readdirSync(jvm).find((name) => fs.existsSync(path.join(jvm, name, "bin/java")))
  return path.join(jvm, home ?? "", "bin/java")
}

const debians: Effect.Effect<string, CommandFailed> = unpacked(
  "debian-java",
  ["openjdk-17-jre-headless"],
  repointLinks
).pipe(Effect.map(inTree))

/** `JAVA_HOME`, else what the PATH has, else Debian's. macOS has a `java` that only tells to install one: so it is run. */
export const find: Effect.Effect<string, CommandFailed> = Effect.suspend(() => {
  const home = process.env["JAVA_HOME"]
  const own = home === undefined || home === "" ? "java" : path.join(home, "bin/java")
  const works = (java: string) => run(java, ["-version"]).pipe(Effect.as(java))
  return works(own).pipe(
    Effect.catch((none) =>
      debians.pipe(
        Effect.flatMap(works),
        Effect.mapError(
          (error) => new CommandFailed({ message: `${none.message}\n${error.message}`, printed: error.printed })
        )
      )
    )
  )
})
