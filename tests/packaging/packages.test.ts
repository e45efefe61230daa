/** What users get: the packages from their tarballs, in an empty project, on the oldest Node that they promise. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { afterAll, beforeAll, describe } from "vitest"
import { collect } from "../doctest/collect.ts"
import { root } from "../support/publicNames.ts"
import * as SharedServers from "../support/SharedServers.ts"
import * as command from "../support/zookeeper/command.ts"
import * as oldNode from "./oldNode.ts"
import { modules, packages } from "./packages.ts"
import * as Project from "./project.ts"

const compilerOptions = {
  target: "ES2023",
  // Effect's declarations name types of the web (CryptoKey).
  lib: ["ES2023", "DOM"],
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  types: ["node"],
  outDir: "out"
}

/** The names of all public modules; a `*` in `exports` stands for the files that are there. */
const names = packages.flatMap(({ folder, manifest }) =>
  modules(manifest).flatMap(([subpath, target]) => {
    const name = path.posix.join(manifest.name, subpath)
    if (!subpath.includes("*")) return [name]
    const pattern = typeof target === "object" ? target?.default : undefined
    if (pattern === undefined) return []
    const [before = "", after = ""] = pattern.replace("./", "").split("*")
    return globSync(pattern, { cwd: folder }).map((file) => name.replace("*", file.slice(before.length, -after.length)))
  })
)

/** Imports every public module, so that every declaration file is looked at, and every module is loaded. */
const everything = names.map((name, index) => `export * as module${index} from "${name}"`).join("\n")

/** Says so when two modules of the bundle have a class of the same name each for itself. */
const oneCopy = `
import { JuteError } from "@effect-zookeeper/core/wire/JuteError"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
try {
  new JuteReader().reset(Buffer.alloc(0), 0, 0, false).int()
} catch (error) {
  console.log(error instanceof JuteError)
}
`

const example = collect().find(({ isRun, where }) => where.startsWith("README.md") && isRun)

describe("the tarballs in an empty project", () => {
  let project: Project.Project

  beforeAll(async () => {
    for (const { folder } of packages) {
      assert.isTrue(existsSync(path.join(folder, "dist")), `${folder} is not built: npm run build`)
    }
    project = await Project.make()
    writeFileSync(path.join(project.folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }))
    writeFileSync(path.join(project.folder, "everything.ts"), everything)
    writeFileSync(path.join(project.folder, "oneCopy.ts"), oneCopy)
  }, 180_000)

  afterAll(() => project?.remove())

  it.live(
    "type-check, load, run the README's example and run zk",
    () =>
      Effect.gen(function* () {
        assert.isDefined(example)
        const server = yield* SharedServers.single
        const zk = yield* ZooKeeper.make({ connect: server })
        const chroot = "/packaging"
        yield* zk
          .delete(chroot, { recursive: true })
          .pipe(Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.void))
        yield* zk.create(chroot)
        const connect = `${server}${chroot}`
        writeFileSync(path.join(project.folder, "example.ts"), example!.code.replaceAll("127.0.0.1:2181", connect))

        yield* command
          .run(path.join(root, "node_modules/.bin/tsc"), ["-p", "."], { cwd: project.folder })
          .pipe(Effect.catchTag("CommandFailed", ({ printed }) => Effect.sync(() => assert.fail(printed))))

        const node = yield* oldNode.program
        const run = (...args: ReadonlyArray<string>) =>
          command.run(node, args, { cwd: project.folder, timeout: 60_000 }).pipe(Effect.map((text) => text.trim()))
        assert.strictEqual(yield* run("--version"), `v${oldNode.VERSION}`)
        assert.strictEqual(yield* run("out/everything.js"), "")
        assert.strictEqual(yield* run("out/oneCopy.js"), "true")
        // It ends by itself: nothing of the session is left running.
        assert.deepStrictEqual((yield* run("out/example.js")).split("\n").toSorted(), example!.prints.toSorted())
        assert.strictEqual(yield* run("node_modules/.bin/zk", "-c", connect, "get", "/app/colour"), "blue")
      }),
    180_000
  )
})

describe("package-lock.json", () => {
  const lock = readFileSync(path.join(root, "package-lock.json"), "utf8")

  it("names no registry", () => {
    const places = [...lock.matchAll(/"resolved": "(https?:[^"]*)"/g)].map(([, place]) => place)
    assert.deepStrictEqual(places, [])
  })
})
