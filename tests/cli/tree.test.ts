import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chroot, start, zk } from "./zk.ts"

describe("zk tree", () => {
  it.live("draws what is below a node, down to so many levels", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect }
      const paths = ["/a", "/a/b", "/a/b/1", "/a/b/2", "/a/c", "/a-b", "/d"]
      yield* zk(["txn", ...paths.flatMap((path) => ["--op", `create ${path}`])], { env })
      yield* Effect.flatMap(start(["create", "-e", "--hold", "/a/c/e"], env), ({ lines }) => lines(1))
      const all = yield* zk(["tree"], { env })
      assert.strictEqual(
        all.text,
        [
          "/",
          "├── a",
          "│   ├── b",
          "│   │   ├── 1",
          "│   │   └── 2",
          "│   └── c",
          "│       └── e (ephemeral)",
          "├── a-b",
          "└── d",
          ""
        ].join("\n")
      )
      const cut = yield* zk(["tree", "/a", "-L", "1"], { env })
      assert.strictEqual(cut.text, "/a\n├── b (2 more)\n└── c (1 more)\n")
      const json = yield* zk(["tree", "/a", "-L", "1", "-o", "json"], { env })
      assert.deepStrictEqual(JSON.parse(json.text), {
        path: "/a",
        numChildren: 2,
        children: [
          { path: "/a/b", numChildren: 2, children: null },
          { path: "/a/c", numChildren: 1, children: null }
        ]
      })
      assert.strictEqual((yield* zk(["tree", "/a/b", "-o", "ndjson"], { env })).text.split("\n").length, 4)
      assert.strictEqual((yield* zk(["tree", "/none"], { env })).code, 3)
      assert.strictEqual((yield* zk(["tree", "/a", "-L", "0"], { env })).code, 2)
    })
  )
})
