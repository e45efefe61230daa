/** Creating nodes in every mode: what is checked before anything is sent, and the request that makes such a node. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Acl } from "../model/Acl.ts"
import * as CreateMode from "../model/CreateMode.ts"
import * as Path from "../model/Path.ts"
import * as Period from "../model/Period.ts"
import type { Stat } from "../model/Stat.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { Operation } from "../wire/Operation.ts"
import * as wire from "../wire/ops/create.ts"
import { type Ask, invalid, perform, type View } from "./Attempt.ts"
import { type Data, toBytes } from "./Data.ts"
import type { CreateOptions } from "./service/Nodes.ts"

/** The longest time to live that the server accepts, 2^40 − 1 ms (measured on 3.8.0). */
const MAX_TTL = 2 ** 40 - 1

/** Everything about a create that was checked, ready to be sent. */
export interface Creation {
  readonly request: wire.CreateTTLRequest
  readonly mode: CreateMode.CreateMode
}

const ttlOf = (mode: CreateMode.CreateMode, ttl: Duration.Input | undefined): number | string => {
  if (ttl === undefined) return CreateMode.hasTtl(mode) ? `the mode '${mode}' needs a ttl` : 0
  // Other flags together with a ttl of -1 kill the server (measured on 3.8.0): never send such a thing.
  if (!CreateMode.hasTtl(mode)) return `a ttl needs the mode 'ttl' or 'ttlSequential', not '${mode}'`
  const millis = Period.millisOf(ttl)
  return Number.isInteger(millis) && millis >= 1 && millis <= MAX_TTL
    ? millis
    : `the ttl must be a whole number of ms from 1 to 2^40 - 1, not ${Period.show(ttl)}`
}

/** Why an ACL cannot be set, or undefined. */
export const aclProblem = (acl: ReadonlyArray<Acl>): string | undefined =>
  acl.length === 0 ? "the ACL is empty, which would lock everybody out; leave it out for the default" : undefined

/** The checks of a create, before anything is sent: the server's name of the node and all, or what is wrong. */
export const check = (
  view: View,
  path: string,
  data: Data,
  options: Pick<CreateOptions, "mode" | "acl" | "ttl"> | undefined
): Creation | string => {
  const mode = options?.mode ?? "persistent"
  if (!Object.hasOwn(CreateMode.flags, mode)) return `there is no create mode '${String(mode)}'`
  const sequential = CreateMode.isSequential(mode)
  const pathProblem = Path.problem(path, sequential)
  if (pathProblem !== undefined) return `'${path}' is not a path: ${pathProblem}`
  const list = options?.acl ?? view.defaultAcl
  const bad = aclProblem(list)
  if (bad !== undefined) return bad
  const millis = ttlOf(mode, options?.ttl)
  if (typeof millis === "string") return millis
  // A counter directly below the chroot: "/" must not become the chroot itself, or the node would stand beside it.
  const target = sequential && path === "/" ? `${view.root}/` : Path.prepend(view.root, path)
  return { mode, request: { path: target, data: toBytes(data), acl: list, flags: CreateMode.flags[mode], ttl: millis } }
}

/** What a create brought: op 1 answers with the path only. */
type Created = string | wire.Create2Response

/** The operation that makes a node of this mode. All take the same request; what they do not know of it they leave out. */
const operationFor = (mode: CreateMode.CreateMode, withStat: boolean): Operation<wire.CreateTTLRequest, Created> => {
  const operation =
    mode === "container"
      ? wire.createContainer
      : CreateMode.hasTtl(mode)
        ? wire.createTTL
        : withStat
          ? wire.create2
          : wire.create
  return operation as unknown as Operation<wire.CreateTTLRequest, Created>
}

/** The created node's path below the view. */
export const pathOf = (created: Created, view: View): string =>
  Path.strip(view.root, typeof created === "string" ? created : created.path)

const pathAndStatOf = (created: Created, view: View): { readonly path: string; readonly stat: Stat } => ({
  path: pathOf(created, view),
  stat: (created as wire.Create2Response).stat
})

/** The request for a creation of which the path is wanted. */
export const ask = (view: View, path: string, creation: Creation): Ask<wire.CreateTTLRequest, Created, string> => ({
  view,
  name: "create",
  path,
  operation: operationFor(creation.mode, false),
  request: creation.request,
  success: pathOf
})

/** Creates a node as the options say, but for `protected` and `parents`, and gives its path. */
export const create = (
  view: View,
  path: string,
  data: Data,
  options: CreateOptions | undefined
): Effect.Effect<string, ZooKeeperError> =>
  Effect.suspend(() => {
    const creation = check(view, path, data, options)
    return typeof creation === "string" ? invalid(view, "create", path, creation) : perform(ask(view, path, creation))
  })

/** As `create`, with the Stat. */
export const create2 = (
  view: View,
  path: string,
  data: Data,
  options: CreateOptions | undefined
): Effect.Effect<{ readonly path: string; readonly stat: Stat }, ZooKeeperError> =>
  Effect.suspend(() => {
    const creation = check(view, path, data, options)
    if (typeof creation === "string") return invalid(view, "create2", path, creation)
    const { mode, request } = creation
    return perform({
      view,
      name: "create2",
      path,
      operation: operationFor(mode, true),
      request,
      success: pathAndStatOf
    })
  })
