/** The oldest Node that the packages promise to run on, from npm, in the cache. */
import * as Effect from "effect/Effect"
import { writeFileSync } from "node:fs"
import * as path from "node:path"
import * as cache from "../support/zookeeper/cache.ts"
import * as command from "../support/zookeeper/command.ts"

export const VERSION = "22.19.0"

const manifest = { private: true, dependencies: { node: VERSION }, allowScripts: { node: true } }

/** The program; fails with npm's words when it is not in the cache and cannot be fetched. */
export const program: Effect.Effect<string, command.CommandFailed> = cache
  .folder(`node-${VERSION}`, (folder) =>
    Effect.suspend(() => {
      writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest))
      return Effect.asVoid(command.run("npm", ["install", "--no-audit", "--no-fund"], { cwd: folder }))
    })
  )
  .pipe(Effect.map((folder) => path.join(folder, "node_modules/node/bin/node")))
