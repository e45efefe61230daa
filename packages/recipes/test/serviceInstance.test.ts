/** Instances in Curator's JSON, as Curator 5.7.1 wrote and read it. */
import { describe, expect, it } from "@effect/vitest"
import * as Option from "effect/Option"
import { read, write } from "../src/internal/instanceJson.ts"
import * as UriSpec from "../src/internal/uriSpec.ts"
import { type ServiceInstance, uri } from "../src/ServiceInstance.ts"

const instance: ServiceInstance = {
  name: "web",
  id: "1",
  address: "10.0.0.1",
  port: 80,
  sslPort: undefined,
  payload: { "@class": "java.util.TreeMap", k: "v" },
  registrationTimeUTC: 1_700_000_000_000,
  serviceType: "DYNAMIC",
  uriSpec: "{scheme}://{address}:{port}/x",
  enabled: true
}

/** What its JsonInstanceSerializer writes of that by default, byte by byte. */
const written =
  '{"name":"web","id":"1","address":"10.0.0.1","port":80,"sslPort":null,"payload":{"@class":"java.util.TreeMap","k":"v"},' +
  '"registrationTimeUTC":1700000000000,"serviceType":"DYNAMIC","uriSpec":{"parts":[{"value":"scheme","variable":true},' +
  '{"value":"://","variable":false},{"value":"address","variable":true},{"value":":","variable":false},' +
  '{"value":"port","variable":true},{"value":"/x","variable":false}]}}'

describe("an instance as JSON", () => {
  it("is written as Curator writes it", () => {
    expect(write(instance)).toBe(written)
    expect(read(written)).toEqual(instance)
  })

  it("says that it is enabled only when it is not: older Curators refuse a field that they do not know", () => {
    const disabled = { ...instance, enabled: false }
    expect(write(disabled)).toBe(`${written.slice(0, -1)},"enabled":false}`)
    expect(read(write(disabled))).toEqual(disabled)
    expect(read(`${written.slice(0, -1)},"enabled":true}`)).toEqual(instance)
  })

  it("needs a name and an id; what Curator's readers do without may be missing, and more may be there", () => {
    const least: ServiceInstance = {
      ...instance,
      address: undefined,
      port: undefined,
      payload: null,
      registrationTimeUTC: 0,
      uriSpec: undefined
    }
    expect(read('{"name":"web","id":"1"}')).toEqual(least)
    expect(read('{"id":"1","more":[],"payload":null,"name":"web","uriSpec":null,"serviceType":null}')).toEqual(least)
  })

  for (const [text, why] of [
    ["", "it is no JSON object"],
    ["{", "it is no JSON object"],
    ["null", "it is no JSON object"],
    ["[]", "it is no JSON object"],
    ['"web"', "it is no JSON object"],
    ["{}", "it has no name"],
    ['{"name":7,"id":"1"}', "it has no name"],
    ['{"name":"web"}', "it has no id"],
    ['{"name":"web","id":""}', "it has no id"],
    ['{"name":"web","id":"1","port":"http"}', 'port is "http"'],
    ['{"name":"web","id":"1","serviceType":"OTHER"}', 'serviceType is "OTHER"'],
    ['{"name":"web","id":"1","enabled":"no"}', 'enabled is "no"'],
    ['{"name":"web","id":"1","uriSpec":{"parts":[{"value":1}]}}', 'uriSpec is {"parts":[{"value":1}]}']
  ] as const) {
    it(`is none in ${text || "no data"}`, () => expect(read(text)).toBe(why))
  }
})

describe("the form of a URI", () => {
  for (const [spec, wanted] of [
    ["{scheme}://{address}:{port}/{name}", "http://10.0.0.1:80/web"],
    ["{ id }-{service-type}-{registration-time-utc}", "1-dynamic-1700000000000"],
    ["{[}{unknown}{]}{ssl-port}", "{}"],
    ["plain", "plain"],
    ["", ""]
  ] as const) {
    it(`${spec} is filled in`, () => {
      expect(UriSpec.problem(spec)).toBeUndefined()
      expect(uri({ ...instance, uriSpec: spec })).toEqual(Option.some(wanted))
      // And after it was in a node.
      expect(uri({ ...instance, uriSpec: UriSpec.fromParts(UriSpec.toParts(spec)) })).toEqual(Option.some(wanted))
    })
  }

  it("takes variables that are given before those of the instance, and https for a port for TLS", () => {
    const secure = { ...instance, sslPort: 443, uriSpec: "{scheme}://{address}:{ssl-port}/{version}" }
    expect(uri(secure, { version: 2, address: "web" })).toEqual(Option.some("https://web:443/2"))
    expect(uri({ ...instance, uriSpec: undefined })).toEqual(Option.none())
  })

  it("keeps braces that Curator has as text", () => {
    expect(UriSpec.fromParts([{ value: "a{b}", variable: false }])).toBe("a{[}b{]}")
  })

  for (const spec of ["{", "}", "{}", "a}b{c}", "{a{b}c}"]) {
    it(`${spec} is none`, () => expect(UriSpec.problem(spec)).toContain(`'${spec}' has braces`))
  }
})
