/**
 * The rules for node paths, applied before anything is sent.
 *
 * @since 0.1.0
 */

/** Says what is wrong with a code unit, or undefined (PathUtils.validatePath; ranges measured on 3.8.0). */
const badUnit = (code: number): string | undefined => {
  if (code <= 0x1f || (code >= 0x7f && code <= 0x9f)) return "a control character"
  if (code >= 0xd800 && code <= 0xdfff) return "a character outside the basic plane"
  if (code >= 0xe000 && code <= 0xf8ff) return "a private use character"
  if (code >= 0xfff0) return "a special character"
  return undefined
}

const where = (path: string, index: number): string =>
  `U+${path.charCodeAt(index).toString(16).toUpperCase().padStart(4, "0")} at index ${index}`

const SLASH = 47
const DOT = 46

/**
 * Why a path cannot name a node, or undefined when it can: absolute, no slash at the end, no empty, `.` or `..`
 * element, none of the characters that servers refuse. `sequential` says that a counter follows, so that the last
 * element may be empty or dots: `/a/.` becomes `/a/.0000000000` (measured on 3.8.0).
 *
 * @category validation
 * @since 0.1.0
 */
export const problem = (path: string, sequential = false): string | undefined => {
  const length = path.length
  if (length === 0) return "it is empty"
  if (path.charCodeAt(0) !== SLASH) return "it does not start with '/'"
  if (length === 1) return undefined
  let start = 1
  for (let i = 1; i <= length; i++) {
    const code = i === length ? SLASH : path.charCodeAt(i)
    if (code !== SLASH) {
      if (code < 0x20 || code > 0x7e) {
        const bad = badUnit(code)
        if (bad !== undefined) return `it has ${bad} (${where(path, i)})`
      }
      continue
    }
    if (i === start) {
      if (i < length) return `it has an empty element at index ${i}`
      return sequential ? undefined : "it ends with '/'"
    }
    if (path.charCodeAt(start) === DOT && !(sequential && i === length)) {
      if (i - start === 1) return "it has a '.' element"
      if (i - start === 2 && path.charCodeAt(start + 1) === DOT) return "it has a '..' element"
    }
    start = i + 1
  }
  return undefined
}

/**
 * The parent of a path; `/` is its own.
 *
 * @category combinators
 * @since 0.1.0
 */
export const parent = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/"

/**
 * The last element of a path; empty for `/`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const name = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/**
 * The path of a child.
 *
 * @category combinators
 * @since 0.1.0
 */
export const join = (path: string, child: string): string => (path === "/" ? `/${child}` : `${path}/${child}`)

/**
 * The path and all its ancestors below `/`, topmost first: `/a`, `/a/b`, `/a/b/c`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const lineage = (path: string): ReadonlyArray<string> => {
  const paths: Array<string> = []
  for (let i = path.indexOf("/", 1); i !== -1; i = path.indexOf("/", i + 1)) paths.push(path.slice(0, i))
  if (path !== "/") paths.push(path)
  return paths
}

/**
 * True when `path` is `ancestor` or below it.
 *
 * @category guards
 * @since 0.1.0
 */
export const isWithin = (path: string, ancestor: string): boolean =>
  path === ancestor || ancestor === "/" || (path.startsWith(ancestor) && path.charCodeAt(ancestor.length) === SLASH)

/**
 * The server's name for a path seen below `root` (a chroot, "" for none).
 *
 * @category chroot
 * @since 0.1.0
 */
export const prepend = (root: string, path: string): string => (root === "" ? path : path === "/" ? root : root + path)

/**
 * The name below `root` of a server's path. Paths that are not below it (`/zookeeper/config`) stay as they are
 * (CURATOR-667, ZOOKEEPER-4601).
 *
 * @category chroot
 * @since 0.1.0
 */
export const strip = (root: string, path: string): string =>
  root === "" || !isWithin(path, root) ? path : path.length === root.length ? "/" : path.slice(root.length)
