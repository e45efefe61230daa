/** A hundred thousand frames with something wrong in them: the server answers or closes, and serves the others. */
import { ping } from "@effect-zookeeper/core/wire/ops/session"
import { describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import * as TestServer from "../src/TestServer.ts"
import { connect, open, type RawClient } from "./RawClient.ts"

const file = new URL("../../core/test/fixtures/wire-vectors.jsonl", import.meta.url)
const requests = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => Buffer.from((JSON.parse(line) as { request_hex: string }).request_hex, "hex"))
  .filter((request) => request.length > 4)

/** A small generator, so that a failure can be run again from its seed (mulberry32). */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

const FRAMES = 100_000
const SEED = 20_260_101

describe("mutated frames", () => {
  it.effect(
    `${FRAMES} of them, seed ${SEED}`,
    () =>
      Effect.gen(function* () {
        const next = random(SEED)
        const below = (limit: number) => Math.floor(next() * limit)
        const server = yield* TestServer.make({ listen: "memory" })
        const witness = yield* connect(server.transport, { timeOut: 60_000 })
        let client: RawClient = yield* connect(server.transport, { timeOut: 60_000 })
        let connections = 1
        for (let i = 0; i < FRAMES; i++) {
          const bytes = Buffer.from(requests[below(requests.length)]!)
          for (let flips = below(4); flips >= 0; flips--) {
            const at = below(bytes.length)
            bytes[at] = next() < 0.5 ? below(256) : bytes[at]! ^ (1 << below(8))
          }
          // Mostly with a length that fits, so that more than the frame splitter is reached.
          if (next() < 0.9) bytes.writeInt32BE(bytes.length - 4, 0)
          client.write(next() < 0.01 ? bytes.subarray(0, below(bytes.length)) : bytes)
          yield* Effect.yieldNow
          client.received()
          if (client.isClosed() || next() < 0.002) {
            client.destroy()
            connections++
            client =
              next() < 0.2 ? yield* open(server.transport) : yield* connect(server.transport, { timeOut: 60_000 })
          }
        }
        strictEqual((yield* witness.call(ping, undefined)).err, 0)
        // It was not all refused at the door.
        strictEqual(connections > 100, true)
        strictEqual((yield* server.lastZxid) > 10_000n, true)
      }),
    60_000
  )
})
