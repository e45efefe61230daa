/** The four-letter words against what real 3.8.0 servers answered. */
import * as FourLetterWord from "@effect-zookeeper/core/wire/FourLetterWord"
import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"

const fixture = (name: string): string =>
  readFileSync(`${import.meta.dirname}/../fixtures/four-letter-words/${name}.txt`, "utf8")

const answered = <W extends FourLetterWord.Word>(word: W, name: string = word): FourLetterWord.Values[W] => {
  const answer = FourLetterWord.parse(word, fixture(name))
  if (answer._tag !== "Answered") throw new Error(`${word}: ${answer._tag}`)
  return answer.value
}

const BUILD = "3.8.0-${mvngit.commit.id}, built on 2024-12-29 17:54 UTC"

describe("srvr, stat and cons", () => {
  it("srvr of a single server", () => {
    expect(answered("srvr")).toEqual({
      version: "3.8.0",
      build: BUILD,
      latency: { min: 0, avg: 2.2, max: 10 },
      received: 17,
      sent: 16,
      connections: 3,
      outstanding: 0,
      zxid: 6n,
      mode: "standalone",
      nodeCount: 9
    })
  })

  it("srvr of a leader has the sizes of its proposals", () => {
    expect(answered("srvr", "srvr-leader")).toMatchObject({
      mode: "leader",
      zxid: 0x100000006n,
      proposalSizes: { last: 99, min: 48, max: 99 }
    })
  })

  it("stat has the connections too", () => {
    const { clients, ...server } = answered("stat")
    expect(server).toMatchObject({ version: "3.8.0", mode: "standalone", sent: 15 })
    expect(clients).toEqual([
      { address: "127.0.0.1:41764", interestOps: 0, queued: 0, received: 1, sent: 0 },
      { address: "127.0.0.1:41684", interestOps: 1, queued: 0, received: 6, sent: 6 },
      { address: "127.0.0.1:41692", interestOps: 1, queued: 0, received: 4, sent: 4 }
    ])
  })

  it("cons tells about sessions where there are any", () => {
    expect(answered("cons")).toEqual([
      {
        address: "127.0.0.1:41684",
        interestOps: 1,
        queued: 0,
        received: 6,
        sent: 6,
        session: {
          id: 0x10000149fdb0000n,
          lastOperation: "GETD",
          established: 1795293412864,
          timeout: 30_000,
          lastXid: 6,
          lastZxid: 6n,
          lastResponse: 1353545,
          lastLatency: 0,
          latency: { min: 0, avg: 3, max: 10 }
        }
      },
      { address: "127.0.0.1:41728", interestOps: 0, queued: 0, received: 1, sent: 0 },
      expect.objectContaining({ address: "127.0.0.1:41692" })
    ])
  })

  it("a ping as the last request has the xid -2", () => {
    const text =
      " /[0:0:0:0:0:0:0:1]:4444[1](queued=0,recved=1,sent=1,sid=0xff,lop=PING,est=1,to=1,lcxid=0xfffffffffffffffe)"
    expect(FourLetterWord.parse("cons", text)).toMatchObject({
      value: [{ address: "[0:0:0:0:0:0:0:1]:4444", session: { id: 0xffn, lastXid: -2 } }]
    })
  })
})

describe("conf, envi, mntr and dirs", () => {
  it("conf", () => {
    expect(answered("conf")).toMatchObject({ clientPort: "54597", tickTime: "500", serverId: "0" })
  })

  it("conf of an ensemble has its members", () => {
    const conf = answered("conf", "conf-ensemble")
    expect(Object.keys(conf).filter((key) => key.startsWith("server."))).toEqual(["server.1", "server.2", "server.3"])
    expect(conf["server.1"]).toBe("127.0.0.1:39921:52345:participant;127.0.0.1:53197")
  })

  it("envi", () => {
    expect(answered("envi")).toMatchObject({
      "zookeeper.version": BUILD,
      "java.version": "17.0.15",
      "os.name": "Linux"
    })
  })

  it("mntr keeps every key, and numbers as numbers", () => {
    const metrics = answered("mntr")
    expect(Object.keys(metrics).length).toBe(fixture("mntr").trim().split("\n").length)
    expect(metrics).toMatchObject({
      zk_version: BUILD,
      zk_server_state: "standalone",
      zk_avg_latency: 2.2,
      zk_watch_count: 4,
      zk_connection_drop_probability: 0
    })
  })

  it("dirs", () => {
    expect(answered("dirs")).toEqual({ dataDirSize: 67109337, logDirSize: 67109337 })
  })
})

describe("dump and the watches", () => {
  const first = 0x10000149fdb0000n
  const second = 0x10000149fdb0001n

  it("dump of a single server", () => {
    const expires = "Sat Nov 21 20:37:23 UTC 2026"
    expect(answered("dump")).toEqual({
      sessions: [
        { sessionId: first, expires },
        { sessionId: second, expires }
      ],
      ephemerals: [
        { sessionId: second, paths: ["/app/three"] },
        { sessionId: first, paths: ["/app/one", "/app/two"] }
      ],
      connections: [
        { address: "127.0.0.1:41740", sessionId: 0n, expires: "Sat Nov 21 20:37:09 UTC 2026" },
        { address: "127.0.0.1:41684", sessionId: first, expires: "Sat Nov 21 20:37:29 UTC 2026" },
        { address: "127.0.0.1:41692", sessionId: second, expires: "Sat Nov 21 20:37:29 UTC 2026" }
      ]
    })
  })

  it("dump of a follower has timeouts", () => {
    const { ephemerals, sessions } = answered("dump", "dump-follower")
    expect(sessions).toEqual([
      { sessionId: 0x10000162fbb0000n, timeout: 10_000 },
      { sessionId: 0x10000162fbb0001n, timeout: 10_000 }
    ])
    expect(ephemerals).toHaveLength(2)
  })

  it("wchs, wchc and wchp", () => {
    expect(answered("wchs")).toEqual({ connections: 2, paths: 2, watches: 3 })
    expect(answered("wchc")).toEqual([
      { sessionId: first, paths: ["/app", "/app/one"] },
      { sessionId: second, paths: ["/app"] }
    ])
    expect(answered("wchp")).toEqual([
      { path: "/app", sessionIds: [second, first] },
      { path: "/app/one", sessionIds: [first] }
    ])
  })
})

describe("words that are answered with one word", () => {
  it.each(["ruok", "isro", "crst", "srst"] as const)("%s", (word) => {
    expect(answered(word)).toBe(fixture(word).trim())
  })

  it("isro of a server without a quorum", () => {
    expect(answered("isro", "isro-not-serving")).toBe("null")
  })
})

describe("answers that are no answer", () => {
  it("a word that the server does not allow", () => {
    expect(FourLetterWord.parse("envi", fixture("envi-not-whitelisted"))).toEqual({ _tag: "NotWhitelisted" })
  })

  it("a server without a quorum", () => {
    expect(FourLetterWord.parse("srvr", fixture("srvr-not-serving"))).toEqual({ _tag: "NotServing" })
  })

  it.each(FourLetterWord.words)("nothing at all, from a server that does not know %s", (word) => {
    expect(FourLetterWord.parse(word, "")).toEqual({ _tag: "NotUnderstood", text: "" })
  })

  it.each(["cons", "wchc", "wchp"] as const)("something else than a list in answer to %s", (word) => {
    const text = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
    expect(FourLetterWord.parse(word, text)).toEqual({ _tag: "NotUnderstood", text })
  })

  it.each(["cons", "wchc", "wchp"] as const)("a list with nothing in it is an answer to %s", (word) => {
    expect(FourLetterWord.parse(word, "\n")).toEqual({ _tag: "Answered", value: [] })
  })

  it.prop("no text makes a parser throw", [Schema.Literals(FourLetterWord.words), Schema.String], ([word, line]) => {
    expect(() => FourLetterWord.parse(word, line)).not.toThrow()
  })

  it.each(["srvr", "stat", "cons", "dump", "wchs"] as const)("%s passes over lines that it does not know", (word) => {
    const text = `Something new: 1\n${fixture(word)}Something else: 2\n`
    expect(FourLetterWord.parse(word, text)).toEqual({ _tag: "Answered", value: answered(word) })
  })
})

it("knows its words", () => {
  expect(FourLetterWord.words).toHaveLength(15)
  expect([FourLetterWord.isWord("srvr"), FourLetterWord.isWord("toString"), FourLetterWord.isWord("kill")]).toEqual([
    true,
    false,
    false
  ])
})
