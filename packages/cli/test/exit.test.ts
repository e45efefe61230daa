import * as ErrorCode from "@effect-zookeeper/core/ErrorCode"
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as ZooKeeperError from "@effect-zookeeper/core/ZooKeeperError"
import { assert, describe, it } from "@effect/vitest"
import {
  AnsweredNo,
  CommandEnded,
  CommandNotRunnable,
  type Failure,
  InputError,
  OutputError,
  UnavailableError,
  UsageError,
  WaitRanOut
} from "../src/errors.ts"
import { endingOf } from "../src/exit.ts"
import { VerbFailed } from "../src/verb.ts"

const codeOf = (failure: Failure) => endingOf(new VerbFailed({ verb: "get", path: "/a", failure })).code

const transaction = (code: number) =>
  new ZooKeeperError.TransactionFailed({
    index: 1,
    code,
    name: ErrorCode.nameOf(code) ?? "?",
    operation: "set",
    path: "/b"
  })

const table: ReadonlyArray<readonly [reason: ZooKeeperError.Reason, code: number]> = [
  [new ZooKeeperError.NoNode(), 3],
  [new ZooKeeperError.NodeExists(), 4],
  [new ZooKeeperError.NotEmpty(), 4],
  [new ZooKeeperError.BadVersion(), 4],
  [new ZooKeeperError.NoAuth(), 5],
  [new ZooKeeperError.AuthFailed({ scheme: "digest", detail: "" }), 5],
  [new ZooKeeperError.ConnectFailed({ attempts: [] }), 6],
  [new ZooKeeperError.ConnectionLost({ detail: "" }), 6],
  [new ZooKeeperError.Timeout({ millis: 1 }), 6],
  [new ZooKeeperError.SessionExpired(), 7],
  [new ZooKeeperError.SessionMoved(), 7],
  [new ZooKeeperError.Closed(), 7],
  [new ZooKeeperError.InvalidArgument({ problem: "" }), 8],
  [new ZooKeeperError.InvalidAcl(), 8],
  [new ZooKeeperError.DecodeFailed({ detail: "" }), 8],
  [new ZooKeeperError.Unsupported({ detail: "" }), 1],
  [new ZooKeeperError.NotReadOnly(), 1],
  [new ZooKeeperError.UnknownCode({ code: -999 }), 1],
  [transaction(ErrorCode.ErrorCode.NoNode), 3],
  [transaction(ErrorCode.ErrorCode.BadVersion), 4],
  [transaction(-999), 1]
]

describe("exit codes", () => {
  it.each(table.map(([reason, code]) => ({ tag: reason._tag, message: reason.message, reason, code })))(
    "$tag $message: $code",
    ({ code, reason }) => {
      const failure = ZooKeeperError.make(() => ({ operation: "get", path: "/a", applied: "no", reason }))
      assert.strictEqual(codeOf(failure), code)
    }
  )

  it("of what is not the server's", () => {
    assert.strictEqual(codeOf(new UsageError({ message: "m" })), 2)
    assert.strictEqual(codeOf(new InputError({ message: "m" })), 8)
    assert.strictEqual(codeOf(new UnavailableError({ message: "m" })), 1)
    assert.strictEqual(codeOf(new AnsweredNo()), 1)
    assert.strictEqual(codeOf(new LeaseLost({ why: "deadline" })), 7)
    assert.strictEqual(codeOf(new WaitRanOut({ message: "m" })), 124)
    assert.strictEqual(codeOf(new CommandEnded({ status: 5 })), 5)
    assert.strictEqual(codeOf(new CommandNotRunnable({ message: "m", code: 126 })), 126)
    assert.strictEqual(codeOf(new OutputError({ message: "m", readerGone: true })), 0)
    assert.strictEqual(codeOf(new OutputError({ message: "m", readerGone: false })), 1)
  })
})
