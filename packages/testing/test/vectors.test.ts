/** Requests captured from a real 3.8.0, replayed: the answers must be the same bytes but for zxids, times and ids. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { passwordOf } from "../src/internal/SessionId.ts"
import * as TestServer from "../src/TestServer.ts"
