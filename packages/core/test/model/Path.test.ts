import * as Path from "@effect-zookeeper/core/Path"
import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

const char = (code: number): string => String.fromCharCode(code)

/** Every range that servers refuse (measured on 3.8.0), first and last. */
const refused = [
  [0x0000, 0x001f],
  [0x007f, 0x009f],
  [0xd800, 0xf8ff],
  [0xfff0, 0xffff]
] as const

describe("problem", () => {
  it.each(["/", "/a", "/a/b", "/a/.hidden", "/a/...", "/a/b.", "/a b", "/zookeeper/config", "/é/日本"])(
    "%s is a path",
    (path) => {
      expect(Path.problem(path)).toBeUndefined()
    }
  )

  it.each([
    ["", "it is empty"],
    ["a", "it does not start with '/'"],
    ["a/b", "it does not start with '/'"],
    ["/a/", "it ends with '/'"],
    ["//", "it has an empty element at index 1"],
    ["/a//b", "it has an empty element at index 3"],
    ["//a", "it has an empty element at index 1"],
    ["/.", "it has a '.' element"],
    ["/./a", "it has a '.' element"],
    ["/a/..", "it has a '..' element"],
    ["/../a", "it has a '..' element"],
    ["/a😀", "it has a character outside the basic plane (U+D83D at index 2)"],
    ["/a\u0000", "it has a control character (U+0000 at index 2)"],
    ["/\uf8ff", "it has a private use character (U+F8FF at index 1)"],
    ["/\ufffd", "it has a special character (U+FFFD at index 1)"]
  ])("%j: %s", (path, problem) => {
    expect(Path.problem(path)).toBe(problem)
  })

  it.each(refused)("refuses U+%i to U+%i and nothing at either side", (first, last) => {
    for (const code of [first, last]) expect(Path.problem(`/a${char(code)}b`), code.toString(16)).toBeDefined()
    for (const code of [first - 1, last + 1]) {
      if (code >= 0 && code <= 0xffff) expect(Path.problem(`/a${char(code)}b`), code.toString(16)).toBeUndefined()
    }
  })

  it("agrees with the ranges for every code unit", () => {
    const wrong = Array.from({ length: 0x1_0000 }, (_, code) => code).filter((code) => {
      const bad = refused.some(([first, last]) => code >= first && code <= last)
      return code !== 0x2f && bad !== (Path.problem(`/x${char(code)}`) !== undefined)
    })
    expect(wrong).toEqual([])
  })

  // The server judges the path with its counter: /a/ becomes /a/0000000003.
  it.each(["/", "/a", "/a/", "/a/.", "/a/.."])("%s may be followed by a counter", (path) => {
    expect(Path.problem(path, true)).toBeUndefined()
  })

  it.each(["", "a/", "//", "/a//", "/./a", "/a/../", "/\u0000"])("%j may not, not even with a counter", (path) => {
    expect(Path.problem(path, true)).toBeDefined()
  })
})

const element = Schema.NonEmptyString.check(
  Schema.makeFilter((text) => Path.problem(`/${text}`) === undefined && !text.includes("/"))
)
const path = Schema.NonEmptyArray(element)
const toPath = (elements: ReadonlyArray<string>): string => `/${elements.join("/")}`

describe("elements", () => {
  it.prop("join undoes parent and name", [path], ([elements]) => {
    const whole = toPath(elements)
    expect(Path.join(Path.parent(whole), Path.name(whole))).toBe(whole)
  })

  it.prop("a lineage goes from the top to the path, parent by parent", [path], ([elements]) => {
    const lineage = Path.lineage(toPath(elements))
    expect(lineage).toEqual(elements.map((_, index) => toPath(elements.slice(0, index + 1))))
  })

  it("the root is its own parent and has neither name nor lineage", () => {
    expect([Path.parent("/"), Path.name("/"), Path.lineage("/")]).toEqual(["/", "", []])
  })

  it.each([
    ["/a", "/", true],
    ["/", "/", true],
    ["/a/b", "/a", true],
    ["/a", "/a", true],
    ["/ab", "/a", false],
    ["/", "/a", false],
    ["/b/a", "/a", false]
  ])("%s is within %s: %s", (inner, outer, expected) => {
    expect(Path.isWithin(inner, outer)).toBe(expected)
  })
})

describe("chroot", () => {
  it.prop("strip undoes prepend", [path, path], ([root, inner]) => {
    expect(Path.strip(toPath(root), Path.prepend(toPath(root), toPath(inner)))).toBe(toPath(inner))
  })

  it("the root of the chroot is '/'", () => {
    expect([Path.prepend("/app", "/"), Path.strip("/app", "/app")]).toEqual(["/app", "/"])
  })

  it("without a chroot nothing changes", () => {
    expect([Path.prepend("", "/a"), Path.prepend("", "/"), Path.strip("", "/a"), Path.strip("", "/")]).toEqual([
      "/a",
      "/",
      "/a",
      "/"
    ])
  })

  it.each(["/zookeeper/config", "/application", "/", "/ap"])("%s is not below /app and stays as it is", (outside) => {
    expect(Path.strip("/app", outside)).toBe(outside)
  })
})
