import { assert, describe, it } from "@effect/vitest"
import { hostsOf } from "../src/internal/ensemble.ts"

describe("where clients connect", () => {
  it.each([
    ["server.1=zk1:2888:3888:participant;0.0.0.0:2181", "zk1:2181"],
    ["server.1=zk1:2888:3888;2181", "zk1:2181"],
    ["server.1=10.0.0.1:2888:3888:observer;zk.example.com:2182", "zk.example.com:2182"],
    ["server.1=[fd00::1]:2888:3888:participant;[::]:2181", "[fd00::1]:2181"],
    ["server.1=[fd00::1]:2888:3888:participant;[fd00::2]:2181", "[fd00::2]:2181"],
    // As Java writes the address that stands for all.
    ["server.1=zk1:2888:3888:participant;[0:0:0:0:0:0:0:0]:2181", "zk1:2181"],
    ["server.1=a:2888:3888|b:2889:3889:participant;2181", "a:2181,b:2181"],
    // With a port for TLS, and with nothing else (ZOOKEEPER-4276).
    ["server.1=zk1:2888:3888:participant;0.0.0.0:2181;0.0.0.0:2281", "zk1:2181"],
    ["server.1=zk1:2888:3888;2181;2281", "zk1:2181"],
    ["server.1=zk1:2888:3888:participant;;2281", ""],
    ["server.1=zk1:2888:3888:participant", ""],
    ["version=100000000", ""],
    ["group.1=1:2:3", ""],
    ["server.1=zk1:2888:3888:participant;0.0.0.0:99999", ""],
    ["", ""]
  ])("by '%s' is '%s'", (line, hosts) => {
    assert.strictEqual(hostsOf(line).join(), hosts)
  })

  it("is of all servers in their order, and each once", () => {
    const lines = ["server.2=b:1:2;2181", "server.1=a:1:2;2181", "server.3=b:3:4;2181", "version=0", ""]
    assert.deepStrictEqual(hostsOf(lines.join("\n")), ["b:2181", "a:2181"])
  })
})
