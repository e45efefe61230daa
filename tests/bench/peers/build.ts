/** Builds the clients that are no dependencies of ours into the git-ignored cache, each from where its users get it. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cache from "../../support/zookeeper/cache.ts"
import { type CommandFailed, run } from "../../support/zookeeper/command.ts"
import * as debian from "../../support/zookeeper/debian.ts"
import { provide } from "../../support/zookeeper/distribution.ts"
import { ours, type Program, words } from "../cell.ts"
import type { Workload } from "../spec.ts"

export interface Peer {
  readonly name: string
  readonly workloads: ReadonlyArray<Workload>
  /** The folder in the cache, made if it is not there. */
  readonly build: Effect.Effect<string, { readonly message: string }>
  readonly program: (folder: string) => Program
}

const source = (name: string): string => path.join(import.meta.dirname, name)

const built = (name: string, build: (folder: string) => Effect.Effect<unknown, CommandFailed>) =>
  cache.folder(`bench-${name}`, (folder) => Effect.asVoid(build(folder)))

const operations = [
  "getData",
  "getData100K",
  "setData",
  "exists",
  "createDelete",
  "children",
  "multi"
] as const satisfies ReadonlyArray<Workload>

/** The first line of what is wrong, if it does not load. */
const LOAD = "try { require('zookeeper') } catch (error) { console.error(error.message); process.exit(1) }"

const native: Peer = {
  name: "native",
  // It has no multi.
  workloads: operations.filter((name) => name !== "multi"),
  build: built("native", (folder) => {
    const manifest = { name: "native", private: true, allowScripts: { zookeeper: true } }
    fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest))
    return Effect.andThen(
      run("npm", ["install", "zookeeper@7.3.0"], { cwd: folder, timeout: 900_000 }),
      // Compiled for another Node than this one it does not load.
      run(process.execPath, ["-e", LOAD], { cwd: folder })
    )
  }),
  program: (folder) => {
    process.env["BENCH_NATIVE"] = folder
    return ours(undefined)
  }
}

const go: Peer = {
  name: "go",
  workloads: [...operations, "watchEvents", "watches"],
  build: built("go", (folder) => {
    fs.copyFileSync(source("bench.go"), path.join(folder, "main.go"))
    fs.writeFileSync(
      path.join(folder, "go.mod"),
      "module bench\n\ngo 1.21\n\nrequire github.com/go-zookeeper/zk v1.0.4\n"
    )
    return Effect.andThen(
      run("go", ["mod", "tidy"], { cwd: folder }),
      run("go", ["build", "-o", "bench", "."], { cwd: folder })
    )
  }),
  program: (folder) => words(path.join(folder, "bench"))
}

const c: Peer = {
  name: "c",
  workloads: operations,
  build: Effect.flatMap(debian.unpacked("bench-libzookeeper", ["libzookeeper-st-dev", "libzookeeper-st2"]), (library) =>
    built("c", (folder) => {
      const lib = path.join(library, "usr/lib", fs.readdirSync(path.join(library, "usr/lib"))[0]!)
      return run("gcc", [
        "-O2",
        "-o",
        path.join(folder, "bench"),
        source("bench.c"),
        `-I${library}/usr/include`,
        `-L${lib}`,
        `-Wl,-rpath,${lib}`,
        "-lzookeeper_st"
      ])
    })
  ),
  program: (folder) => words(path.join(folder, "bench"))
}

const java: Peer = {
  name: "java",
  workloads: operations,
  build: Effect.flatMap(provide({ line: undefined, tls: false }), ({ classpath }) =>
    built("java", (folder) => {
      fs.writeFileSync(path.join(folder, "classpath"), classpath)
      fs.writeFileSync(path.join(folder, "logback.xml"), "<configuration/>")
      return run("javac", ["-cp", classpath, "-d", folder, source("Bench.java")])
    })
  ),
  program: (folder) => {
    const classpath = `${folder}:${fs.readFileSync(path.join(folder, "classpath"), "utf8")}`
    return words("java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-cp", classpath, "Bench")
  }
}

const recipes: ReadonlyArray<Workload> = ["lock", "contended", "treeCache"]
const isRecipe = (workload: Workload): boolean => recipes.includes(workload)

const kazoo: Peer = {
  name: "kazoo",
  workloads: [...operations, ...recipes],
  build: built("kazoo", (folder) =>
    run("python3", ["-m", "pip", "install", "-q", "--target", folder, "kazoo==2.11.0"])
  ),
  program: (folder) => {
    const forOperations = words("python3", source("bench.py"), folder)
    const forRecipes = words("python3", source("recipes.py"), folder)
    return {
      command: "python3",
      args: (spec) => (isRecipe(spec.workload) ? forRecipes : forOperations).args(spec)
    }
  }
}

export const peers: ReadonlyArray<Peer> = [native, java, c, go, kazoo]
