import * as ErrorCode from "@effect-zookeeper/core/ErrorCode"
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as ZooKeeperError from "@effect-zookeeper/core/ZooKeeperError"
import { assert, describe, it } from "@effect/vitest"
import { AnsweredNo, InputError, OutputError, UnavailableError, UsageError } from "../src/errors.ts"
import { endingOf } from "../src/exit.ts"

const failure = (reason: ZooKeeperError.Reason, operation = "get") =>
  ZooKeeperError.make(() => ({ operation, path: "/a", applied: "no", reason }))

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
      assert.strictEqual(endingOf(failure(reason)).code, code)
    }
  )

  it("of what is not the server's", () => {
    assert.deepStrictEqual(endingOf(new UsageError({ message: "m" })), { code: 2, message: "m" })
    assert.deepStrictEqual(endingOf(new InputError({ message: "m" })), { code: 8, message: "m" })
    assert.deepStrictEqual(endingOf(new UnavailableError({ message: "m" })), { code: 1, message: "m" })
    assert.deepStrictEqual(endingOf(new AnsweredNo()), { code: 1 })
    assert.strictEqual(endingOf(new LeaseLost({ why: "deadline" })).code, 7)
    assert.deepStrictEqual(endingOf(new OutputError({ message: "m", readerGone: true })), { code: 0 })
    assert.deepStrictEqual(endingOf(new OutputError({ message: "m", readerGone: false })), { code: 1, message: "m" })
  })
})

describe("messages", () => {
  it("say what happened, to which path, and what to do", () => {
    const { message } = endingOf(failure(new ZooKeeperError.NoNode(), "create"))
    assert.strictEqual(message, "create /a: the node does not exist (its parent is missing; -p creates parents)")
    assert.match(endingOf(failure(new ZooKeeperError.NotEmpty(), "delete")).message ?? "", /^delete \/a: .*zk rm -r/)
    assert.strictEqual(endingOf(failure(new ZooKeeperError.NoNode())).message, "get /a: the node does not exist")
  })
})
