/**
 * Who may do what with a node.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"

/**
 * The permission bits, to be added with `|`.
 *
 * @category constants
 * @since 0.1.0
 */
export const Perms = { READ: 1, WRITE: 2, CREATE: 4, DELETE: 8, ADMIN: 16, ALL: 31 } as const

/**
 * One entry: an identity (scheme and id) and what it may do. A node's ACL is a list of them; access is given if any
 * entry gives it. Nothing is inherited from the parent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Acl {
  readonly perms: number
  readonly scheme: string
  readonly id: string
}

/**
 * Everyone may do everything. The default of every create.
 *
 * @category constants
 * @since 0.1.0
 */
export const openUnsafe: ReadonlyArray<Acl> = [{ perms: Perms.ALL, scheme: "world", id: "anyone" }]

/**
 * Everyone may read and list, nobody may change.
 *
 * @category constants
 * @since 0.1.0
 */
export const readUnsafe: ReadonlyArray<Acl> = [{ perms: Perms.READ, scheme: "world", id: "anyone" }]

/**
 * Whoever creates the node may do everything: the server puts in the identities of the connection.
 *
 * @category constants
 * @since 0.1.0
 */
export const creatorAll: ReadonlyArray<Acl> = [{ perms: Perms.ALL, scheme: "auth", id: "" }]

/**
 * The entry for a user who logs in with scheme `digest`: the id holds a SHA-1 hash instead of the password.
 *
 * ```ts run
 * import * as Acl from "@effect-zookeeper/core/Acl"
 * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const live = ZooKeeper.layer({
 *   connect: "127.0.0.1:2181",
 *   auth: [{ scheme: "digest", credentials: Redacted.make("ann:secret") }]
 * })
 *
 * const program = Effect.gen(function* () {
 *   const zk = yield* ZooKeeper.ZooKeeper
 *   const acl = [Acl.digest("ann", "secret"), ...Acl.readUnsafe]
 *   yield* zk.create("/config", "color=red", { acl })
 *   const found = yield* zk.getAcl("/config")
 *   yield* Console.log(found.acl.map(({ perms }) => Acl.formatPerms(perms)).join()) // => cdrwa,r
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.provide(live)))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const digest = (user: string, password: string, perms: number = Perms.ALL): Acl => {
  // Loaded here, because it takes more memory than this client, and few need it.
  const { hash } = process.getBuiltinModule("node:crypto")
  return { perms, scheme: "digest", id: `${user}:${hash("sha1", `${user}:${password}`, "base64")}` }
}

const letters = [
  ["c", Perms.CREATE],
  ["d", Perms.DELETE],
  ["r", Perms.READ],
  ["w", Perms.WRITE],
  ["a", Perms.ADMIN]
] as const

/**
 * Permission bits as letters, in the order of zkCli.sh: `cdrwa`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const formatPerms = (perms: number): string =>
  letters.map(([letter, bit]) => (perms & bit ? letter : "")).join("")

/**
 * One entry as zkCli.sh writes it: `world:anyone:cdrwa`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const format = (acl: Acl): string => `${acl.scheme}:${acl.id}:${formatPerms(acl.perms)}`

/**
 * Reads one entry `scheme:id:perms`; the id may hold colons (`digest:user:hash:rw`). The failure says what is wrong.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (text: string): Result.Result<Acl, string> => {
  const first = text.indexOf(":")
  const last = text.lastIndexOf(":")
  if (first <= 0 || last === first) return Result.fail(`'${text}' is not scheme:id:perms, such as world:anyone:r`)
  let perms = 0
  for (const letter of text.slice(last + 1)) {
    const bit = letters.find(([known]) => known === letter)?.[1]
    if (bit === undefined) return Result.fail(`'${letter}' in '${text}' is not one of the permissions c, d, r, w, a`)
    perms |= bit
  }
  return Result.succeed({ perms, scheme: text.slice(0, first), id: text.slice(first + 1, last) })
}

/** A comma within the name of a certificate's owner: `x509:CN=ann` before it, `O=team:r` behind it. */
const isWithinName = (before: string, part: string): boolean =>
  /^x509:[^:]*$/.test(before) && (before.endsWith("\\") || /^\s*[\w.]+\s*=/.test(part))

/**
 * Reads a comma-separated list of entries; the id of scheme `x509` may hold commas. The failure says what is wrong.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parseList = (text: string): Result.Result<ReadonlyArray<Acl>, string> => {
  const entries: Array<string> = []
  for (const part of text.split(",")) {
    const before = entries.at(-1)
    if (before !== undefined && isWithinName(before, part)) entries[entries.length - 1] = `${before},${part}`
    else entries.push(part.trim())
  }
  return Result.all(entries.map((entry) => parse(entry.trim())))
}
