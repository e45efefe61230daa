/** Properties of the tree and the watch tables, against what ZooKeeper promises about them. */
import { openUnsafe, Perms } from "@effect-zookeeper/core/Acl"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { setData } from "@effect-zookeeper/core/wire/ops/data"
import { deleteNode } from "@effect-zookeeper/core/wire/ops/delete"
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import type { Operation } from "@effect-zookeeper/core/wire/Operation"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Schema from "effect/Schema"
import { AclCheck } from "../src/internal/AclCheck.ts"
import { type Change, DataTree, statOf } from "../src/internal/DataTree.ts"
import { prepare } from "../src/internal/PrepRequestProcessor.ts"
import { WatchManager } from "../src/internal/WatchManager.ts"

const options = { acl: new AclCheck(false), extendedTypesEnabled: true, enforceQuota: false, isLocal: false }

const run = <Request>(tree: DataTree, operation: Operation<Request, any>, request: Request, sessionId = 1n) => {
  const writer = new JuteWriter()
  operation.request.encode(writer, request)
  const txn = prepare(tree, options, [], operation.code, Buffer.from(writer.written()))
  const changes: Array<Change> = []
  const outcome = tree.apply({ zxid: tree.lastZxid + 1n, time: Number(tree.lastZxid), sessionId, txn }, changes)
  return { outcome, changes }
}

const Step = Schema.Struct({
  kind: Schema.Literals(["create", "sequential", "ephemeral", "set", "delete"]),
  name: Schema.Literals(["a", "b", "a/x", "b/y", "a/x/z"])
})

describe("DataTree", () => {
  it.prop(
    "versions count what happened, and zxids say when",
    { steps: Schema.Array(Step) },
    ({ steps }) => {
      const tree = new DataTree()
      const created = new Map<string, number>()
      const changed = new Map<string, number>()
      const sets = new Map<string, number>()
      for (const { kind, name } of steps) {
        const path = `/${name}`
        const parent = path.slice(0, path.lastIndexOf("/")) || "/"
        const before = tree.get(path)
        if (kind === "set") {
          const { outcome } = run(tree, setData, { path, data: null, version: -1 })
          if (before === undefined) deepStrictEqual(outcome, { _tag: "error", err: -101 })
          else sets.set(path, (sets.get(path) ?? 0) + 1)
          continue
        }
        if (kind === "delete") {
          const { outcome } = run(tree, deleteNode, { path, version: -1 })
          if (outcome._tag !== "delete") continue
          strictEqual(before!.children.size, 0)
          changed.set(parent, (changed.get(parent) ?? 0) + 1)
          for (const map of [sets, created, changed]) map.delete(path)
          continue
        }
        const flags = kind === "sequential" ? 2 : kind === "ephemeral" ? 1 : 0
        const { changes, outcome } = run(tree, create, { path, data: null, acl: openUnsafe, flags })
        if (outcome._tag !== "create") continue
        if (kind === "sequential") strictEqual(outcome.path, path + String(created.get(parent) ?? 0).padStart(10, "0"))
        created.set(parent, (created.get(parent) ?? 0) + 1)
        changed.set(parent, (changed.get(parent) ?? 0) + 1)
        deepStrictEqual(
          changes.map(({ type }) => type),
          ["NodeCreated"]
        )
        strictEqual(tree.get(outcome.path)!.czxid, tree.lastZxid)
        strictEqual(tree.get(parent)!.pzxid, tree.lastZxid)
      }
      for (const [path, node] of tree.nodes) {
        if (path.startsWith("/zookeeper")) continue
        const stat = statOf(node)
        // The root begins at −1: `/zookeeper` was there before anything was counted.
        strictEqual(stat.cversion, (changed.get(path) ?? 0) - (path === "/" ? 1 : 0), path)
        strictEqual(stat.version, sets.get(path) ?? 0, path)
        strictEqual(stat.numChildren, node.children.size)
      }
      run(tree, create, { path: "/end", data: null, acl: openUnsafe, flags: 0 })
      tree.apply({ zxid: tree.lastZxid + 1n, time: 0, sessionId: 1n, txn: { _tag: "closeSession" } }, [])
      for (const [path, { owner }] of tree.nodes) strictEqual(owner, 0n, path)
    },
    { arbitrary: { runs: 300 } }
  )

  it("counts and limits what is below a quota", () => {
    const tree = new DataTree()
    const strict = { ...options, enforceQuota: true }
    const make = (path: string, data: string) => {
      const writer = new JuteWriter()
      create.request.encode(writer, { path, data: Buffer.from(data), acl: openUnsafe, flags: 0 })
      const txn = prepare(tree, strict, [], create.code, Buffer.from(writer.written()))
      return tree.apply({ zxid: tree.lastZxid + 1n, time: 0, sessionId: 1n, txn }, [])._tag
    }
    make("/q", "ab")
    make("/zookeeper/quota/q", "")
    make("/zookeeper/quota/q/zookeeper_limits", "count=-1,bytes=-1;countHardLimit=3,byteHardLimit=10")
    make("/zookeeper/quota/q/zookeeper_stats", "count=0,bytes=0")
    const stats = () => Buffer.from(tree.get("/zookeeper/quota/q/zookeeper_stats")!.data!).toString()
    strictEqual(stats(), "count=1,bytes=2")
    strictEqual(make("/q/a", "abc"), "create")
    strictEqual(stats(), "count=2,bytes=5")
    strictEqual(make("/q/b", "abcdef"), "error")
    strictEqual(make("/q/b", "abcde"), "create")
    strictEqual(make("/q/c", ""), "error")
    strictEqual(stats(), "count=3,bytes=10")
  })
})

describe("AclCheck", () => {
  const check = new AclCheck(true)
  it.prop(
    "an ACL of one digest gives its owner exactly its permissions, and super all",
    {
      perms: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 31 })),
      asked: Schema.Literals([1, 2, 4, 8, 16])
    },
    ({ asked, perms }) => {
      const acl = [{ perms, scheme: "digest", id: "bob:hash" }]
      strictEqual(check.allows(acl, asked, [{ scheme: "digest", id: "bob:hash" }]), (perms & asked) !== 0)
      strictEqual(check.allows(acl, asked, [{ scheme: "digest", id: "bob:other" }]), false)
      strictEqual(check.allows(acl, asked, [{ scheme: "super", id: "" }]), true)
    }
  )
  it("reads ip patterns as the server does", () => {
    const allows = (id: string) =>
      check.allows([{ perms: Perms.READ, scheme: "ip", id }], Perms.READ, [{ scheme: "ip", id: "10.1.2.3" }])
    deepStrictEqual(["10.1.2.3", "10.1.0.0/16", "10.2.0.0/16", "0.0.0.0/0", "10.1.2.4"].map(allows), [
      true,
      true,
      false,
      true,
      false
    ])
    for (const id of ["::1", "10.1.2", "10.1.2.256", "10.1.2.3/33", "10.1.2.3/x", ""]) {
      let refused = false
      try {
        check.fixup([{ perms: 1, scheme: "ip", id }], [])
      } catch {
        refused = true
      }
      strictEqual(refused, true, id)
    }
  })
})

describe("WatchManager", () => {
  it("keeps one mode per path: a later watch replaces a persistent one", () => {
    const watches = new WatchManager<string>()
    watches.add("/a", "c", "persistent")
    deepStrictEqual([...watches.trigger("/a", false)], ["c"])
    watches.add("/a", "c", "standard")
    deepStrictEqual([...watches.trigger("/a", false)], ["c"])
    deepStrictEqual([...watches.trigger("/a", false)], [])
  })

  it.prop(
    "whoever watches gets each event once: one-shot then never again, recursive from any depth but for children",
    {
      watches: Schema.Array(
        Schema.Struct({
          path: Schema.Literals(["/", "/a", "/a/b", "/a/b/c", "/d"]),
          watcher: Schema.Literals(["one", "two"]),
          mode: Schema.Literals(["standard", "persistent", "recursive"])
        })
      ),
      events: Schema.Array(
        Schema.Struct({ path: Schema.Literals(["/", "/a", "/a/b", "/a/b/c", "/d"]), isChildren: Schema.Boolean })
      )
    },
    ({ events, watches }) => {
      const manager = new WatchManager<string>()
      const model = new Map<string, { path: string; watcher: string; mode: string }>()
      for (const watch of watches) {
        manager.add(watch.path, watch.watcher, watch.mode)
        model.set(`${watch.watcher} ${watch.path}`, watch)
      }
      strictEqual(manager.size, model.size)
      for (const { isChildren, path } of events) {
        const expected = new Set<string>()
        for (const [key, watch] of model) {
          const covers = watch.path === path || watch.path === "/" || path.startsWith(`${watch.path}/`)
          if (watch.mode === "recursive" ? covers && !isChildren : watch.path === path) {
            expected.add(watch.watcher)
            if (watch.mode === "standard") model.delete(key)
          }
        }
        deepStrictEqual([...manager.trigger(path, isChildren)].sort(), [...expected].sort())
      }
      for (const watcher of ["one", "two"]) manager.removeAll(watcher)
      deepStrictEqual([manager.size, manager.pathCount, manager.connectionCount], [0, 0, 0])
    },
    { arbitrary: { runs: 300 } }
  )
})
