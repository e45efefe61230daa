/** The file of a session. */
import * as SessionStore from "@effect-zookeeper/core/SessionStore"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

it.live("is written to its end or not at all: what is given up does not come back after it was cleared", () =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const store = SessionStore.file(`${yield* fileSystem.makeTempDirectoryScoped()}/session`)
    const identity = { id: 7n, password: Redacted.make(new Uint8Array(16)) }
    for (let round = 0; round < 20; round++) {
      const saving = yield* Effect.forkChild(store.save(identity), { startImmediately: true })
      yield* Fiber.interrupt(saving)
      yield* store.clear
      yield* store.save({ ...identity, id: 8n })
      assert.strictEqual(Option.getOrThrow(yield* store.load).id, 8n)
      yield* store.clear
      assert.isTrue(Option.isNone(yield* store.load))
    }
  }).pipe(Effect.provide(NodeFileSystem.layer))
)
