import * as Acl from "@effect-zookeeper/core/Acl"
import { describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const problem = (text: string) => Result.getOrThrow(Result.flip(Acl.parse(text)))

describe("parse and format", () => {
  it.prop(
    "undo each other for every set of permissions",
    [
      Schema.Literals(["world", "auth", "digest", "ip", "x509", "sasl"]),
      Schema.String,
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 31 }))
    ],
    ([scheme, id, perms]) => {
      const acl = { scheme, id, perms }
      expect(Acl.parse(Acl.format(acl))).toEqual(Result.succeed(acl))
    }
  )

  it.each([
    ["world:anyone:cdrwa", { scheme: "world", id: "anyone", perms: Acl.Perms.ALL }],
    ["world:anyone:rr", { scheme: "world", id: "anyone", perms: Acl.Perms.READ }],
    ["auth::rw", { scheme: "auth", id: "", perms: Acl.Perms.READ | Acl.Perms.WRITE }],
    ["digest:bob:ikIa+/=:r", { scheme: "digest", id: "bob:ikIa+/=", perms: Acl.Perms.READ }],
    ["ip:10.0.0.0/8:", { scheme: "ip", id: "10.0.0.0/8", perms: 0 }]
  ])("%s", (text, acl) => {
    expect(Acl.parse(text)).toEqual(Result.succeed(acl))
  })

  it.each([
    ["", "'' is not scheme:id:perms, such as world:anyone:r"],
    ["world:anyone", "'world:anyone' is not scheme:id:perms, such as world:anyone:r"],
    [":anyone:r", "':anyone:r' is not scheme:id:perms, such as world:anyone:r"],
    ["world:anyone:rx", "'x' in 'world:anyone:rx' is not one of the permissions c, d, r, w, a"],
    ["world:anyone:R", "'R' in 'world:anyone:R' is not one of the permissions c, d, r, w, a"]
  ])("%j: %s", (text, message) => {
    expect(problem(text)).toBe(message)
  })
})

describe("parseList", () => {
  it("reads entries between commas", () => {
    expect(Acl.parseList("world:anyone:r, digest:bob:hash:cdrwa")).toEqual(
      Result.succeed([
        { scheme: "world", id: "anyone", perms: Acl.Perms.READ },
        { scheme: "digest", id: "bob:hash", perms: Acl.Perms.ALL }
      ])
    )
  })

  it("leaves the name of a certificate's owner whole", () => {
    expect(Acl.parseList("x509:CN=Doe\\, Ann, O=team,C=DE:cdrwa,world:anyone:r")).toEqual(
      Result.succeed([
        { scheme: "x509", id: "CN=Doe\\, Ann, O=team,C=DE", perms: Acl.Perms.ALL },
        { scheme: "world", id: "anyone", perms: Acl.Perms.READ }
      ])
    )
  })

  it("one bad entry spoils the list", () => {
    for (const text of [
      "world:anyone:r,",
      "world:anyone,ip:::1:r",
      "x509:CN=ann,world:anyone:r",
      "ip:1.2.3.4,CN=ann:r"
    ]) {
      expect(Result.isFailure(Acl.parseList(text)), text).toBe(true)
    }
  })
})

it("digest hashes as the server does", () => {
  // The id that a real 3.8.0 gives a connection that logged in as bob:pw.
  expect(Acl.digest("bob", "pw")).toEqual({
    scheme: "digest",
    id: "bob:ikIaKsbtGweaHnb/jKn7OHqbunM=",
    perms: Acl.Perms.ALL
  })
})
