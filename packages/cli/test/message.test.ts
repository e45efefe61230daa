import * as ErrorCode from "@effect-zookeeper/core/ErrorCode"
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as ZooKeeperError from "@effect-zookeeper/core/ZooKeeperError"
import { assert, describe, it } from "@effect/vitest"
import { AnsweredNo, CommandEnded, type Failure, OutputError, UsageError } from "../src/errors.ts"
import { messageOf } from "../src/message.ts"
import { VerbFailed } from "../src/verb.ts"

const say = (typed: readonly [verb: string, path?: string], failure: Failure) =>
  messageOf(new VerbFailed({ verb: typed[0], path: typed[1], failure }))

const refused = (
  operation: string,
  path: string | undefined,
  reason: ZooKeeperError.Reason,
  applied: ZooKeeperError.Applied = "no"
) => ZooKeeperError.make(() => ({ operation, applied, reason, ...(path === undefined ? {} : { path }) }))

const { BadVersion, ConnectFailed, NoAuth, NoNode, NodeExists, NotEmpty, Timeout, Unsupported } = ZooKeeperError

describe("messages name the verb that was typed, not what the library calls it", () => {
  const table: ReadonlyArray<
    readonly [typed: readonly [string, string?], failure: ZooKeeperError.ZooKeeperError, says: string]
  > = [
    [["get", "/a"], refused("get", "/a", new NoNode()), "get /a: the node does not exist"],
    [["ls", "/a"], refused("children", "/a", new NoNode()), "ls /a: the node does not exist"],
    [["tree", "/a"], refused("childrenWithStat", "/a", new NoNode()), "tree /a: the node does not exist"],
    [["acl get", "/a"], refused("getAcl", "/a", new NoNode()), "acl get /a: the node does not exist"],
    [
      ["rm", "/a"],
      refused("delete", "/a", new NotEmpty()),
      "rm /a: the node has children; delete them first or use a recursive delete (zk rm -r)"
    ],
    [
      ["set", "/a"],
      refused("set", "/a", new BadVersion()),
      "set /a: the node has another version; read it again (zk stat shows it)"
    ],
    [
      ["reconfig"],
      refused("reconfig", undefined, new BadVersion()),
      "reconfig: the node has another version; read it again (zk config shows it)"
    ],
    [
      ["create", "/a"],
      refused("create", "/a", new NodeExists()),
      "create /a: the node exists already (zk set changes its data)"
    ],
    [
      ["create", "/a/b"],
      refused("create", "/a/b", new NoNode()),
      "create /a/b: the node does not exist (its parent is missing; -p creates parents)"
    ],
    [
      ["rm", "/a"],
      refused("delete", "/a", new Timeout({ millis: 5 }), "unknown"),
      "rm /a: no answer within 5 ms (it may have been done all the same)"
    ],
    [
      ["watch", "/a"],
      refused("watch", "/a", new Unsupported({ detail: "too old" })),
      "watch /a: too old (zk watch without -R)"
    ]
  ]
  it.each(table.map(([typed, failure, says]) => ({ typed, failure, says })))("$says", ({ failure, says, typed }) => {
    assert.strictEqual(say(typed, failure), says)
  })

  it("and the node that it was at, with what was done there for another", () => {
    const at = (typed: readonly [string, string?], operation: string, path: string) =>
      say(typed, refused(operation, path, new NoAuth()))?.split(": not allowed")[0]
    assert.strictEqual(at(["ls", "/"], "childrenWithStat", "/a"), "ls /a")
    assert.strictEqual(at(["rm", "/a"], "delete", "/a/b"), "rm /a/b")
    assert.strictEqual(at(["tree", "/"], "childrenWithStat", "/a"), "tree /: ls /a")
    assert.strictEqual(at(["lock", "/l"], "create", "/l/_c_1-lock-"), "lock /l: create /l/_c_1-lock-")
    assert.strictEqual(at(["dev"], "setAcl", "/a"), "dev: acl set /a")
  })

  it("and what it was asked about, where the connection failed", () => {
    const failure = (operation: string) =>
      refused(operation, undefined, new ConnectFailed({ attempts: [{ host: "h:1", cause: "ECONNREFUSED" }] }))
    assert.strictEqual(
      say(["get", "/a"], failure("connect")),
      "get /a: no server of the ensemble could be used: h:1: ECONNREFUSED (is --connect (or ZK_CONNECT) right?)"
    )
    assert.match(say(["4lw"], failure("fourLetterWord")) ?? "", /^4lw: no server .* \(is --host, or --connect/)
  })

  it("and of a transaction the operation that failed", () => {
    const reason = new ZooKeeperError.TransactionFailed({
      index: 1,
      code: ErrorCode.ErrorCode.NoNode,
      name: "NoNode",
      operation: "delete",
      path: "/a"
    })
    assert.strictEqual(
      say(["txn"], refused("transact", undefined, reason)),
      "txn: nothing was done, because operation 1 (rm /a) failed with NoNode: the node does not exist"
    )
  })
})

describe("messages", () => {
  it("say that the chroot is missing, below which -p makes nothing", () => {
    const missing = /the node does not exist \(the chroot of --connect does not exist; zk -c HOST:PORT create -p/
    assert.match(say(["ls", "/"], refused("children", "/", new NoNode())) ?? "", missing)
    assert.match(say(["create", "/a/b"], refused("create", "/a", new NoNode())) ?? "", missing)
  })

  it("of what is not the server's begin as all others do", () => {
    assert.strictEqual(say(["rm", "/"], new UsageError({ message: "m" })), "rm /: m")
    assert.strictEqual(say(["txn"], new UsageError({ message: "m" })), "txn: m")
    assert.strictEqual(
      say(["lock", "/l"], new LeaseLost({ why: "deadline" })),
      `lock /l: ${new LeaseLost({ why: "deadline" }).message}`
    )
    assert.strictEqual(say(["ls", "/"], new OutputError({ message: "m", readerGone: false })), "ls /: m")
  })

  it("are left out where there is nothing to add", () => {
    assert.isUndefined(say(["exists", "/a"], new AnsweredNo()))
    assert.isUndefined(say(["lock", "/l"], new CommandEnded({ status: 1 })))
    assert.isUndefined(say(["ls", "/"], new OutputError({ message: "m", readerGone: true })))
  })
})
