import * as ConnectString from "@effect-zookeeper/core/ConnectString"
import { describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"

const parsed = (text: string) => Result.getOrThrow(ConnectString.parse(text))
const problem = (text: string) => Result.getOrThrow(Result.flip(ConnectString.parse(text)))

describe("parse", () => {
  it.each([
    ["localhost", [{ host: "localhost", port: 2181 }], ""],
    ["h1:1", [{ host: "h1", port: 1 }], ""],
    ["h1:65535", [{ host: "h1", port: 65535 }], ""],
    [
      "h1,h2:2182 , h3",
      [
        { host: "h1", port: 2181 },
        { host: "h2", port: 2182 },
        { host: "h3", port: 2181 }
      ],
      ""
    ],
    [
      "h1,h2/app",
      [
        { host: "h1", port: 2181 },
        { host: "h2", port: 2181 }
      ],
      "/app"
    ],
    ["h1:2181/app/sub", [{ host: "h1", port: 2181 }], "/app/sub"],
    ["h1/", [{ host: "h1", port: 2181 }], ""],
    ["10.0.0.1:2181", [{ host: "10.0.0.1", port: 2181 }], ""],
    ["[::1]", [{ host: "::1", port: 2181 }], ""],
    ["[::1]:2182/app", [{ host: "::1", port: 2182 }], "/app"],
    [
      "[2001:DB8::1]:2182,h2",
      [
        { host: "2001:DB8::1", port: 2182 },
        { host: "h2", port: 2181 }
      ],
      ""
    ],
    ["[::ffff:10.0.0.1]:2182", [{ host: "::ffff:10.0.0.1", port: 2182 }], ""],
    ["[fe80::1%eth0]:2182", [{ host: "fe80::1%eth0", port: 2182 }], ""]
  ])("%s", (text, hosts, chroot) => {
    expect(parsed(text)).toEqual({ hosts, chroot })
  })

  it.each([
    ["", "there is an empty host"],
    ["h1,,h2", "there is an empty host"],
    ["h1,", "there is an empty host"],
    ["/app", "there is an empty host"],
    [":2181", "':2181' is not host:port"],
    ["host:99999", "the port in 'host:99999' is not 1 to 65535"],
    ["host:65536", "the port in 'host:65536' is not 1 to 65535"],
    ["host:0", "the port in 'host:0' is not 1 to 65535"],
    ["host:", "the port in 'host:' is not 1 to 65535"],
    ["host:-1", "the port in 'host:-1' is not 1 to 65535"],
    ["host:2181x", "the port in 'host:2181x' is not 1 to 65535"],
    ["host name", "'host name' is not host:port"],
    ["h1/a,h2", "the chroot '/a' at index 2 must stand once, after the last host"],
    ["h1/a,h2/a", "the chroot '/a' at index 2 must stand once, after the last host"],
    ["h1/app/", "the chroot '/app/' is not a path: it ends with '/'"],
    ["h1//app", "the chroot '//app' is not a path: it has an empty element at index 1"],
    ["h1/a/../b", "the chroot '/a/../b' is not a path: it has a '..' element"],
    ["::1", "the IPv6 address '::1' needs brackets: [::1]:2181"],
    ["2001:db8:0:0:0:0:0:1", "the IPv6 address '2001:db8:0:0:0:0:0:1' needs brackets: [2001:db8:0:0:0:0:0:1]:2181"],
    ["fe80::1%eth0", "the IPv6 address 'fe80::1%eth0' needs brackets: [fe80::1%eth0]:2181"],
    ["[h1]:2181", "'h1' is not an IPv6 address"],
    ["[::1", "'[::1' is not host:port"],
    ["[::1]2181", "'[::1]2181' is not host:port"]
  ])("%j: %s", (text, message) => {
    expect(problem(text)).toBe(message)
  })
})

it("formatHost writes what parse reads", () => {
  for (const text of ["h1:2181", "10.0.0.1:1", "[::1]:2182", "[fe80::1%eth0]:2182"]) {
    expect(parsed(text).hosts.map(ConnectString.formatHost)).toEqual([text])
  }
})
