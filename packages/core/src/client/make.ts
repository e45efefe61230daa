/** Puts the service together over any driver. */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Path from "../model/Path.ts"
import * as Acl from "../model/Acl.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import type * as Scope from "effect/Scope"
import type { Options } from "../session/Options.ts"
import type { Session } from "../session/Session.ts"
import { retrySchedule } from "../session/settings.ts"
import * as admin from "./admin.ts"
import type { View } from "./Attempt.ts"
import * as creation from "./create.ts"
import type { Data } from "./Data.ts"
import * as lease from "./lease.ts"
import * as nodes from "./nodes.ts"
import * as protect from "./protect.ts"
import type { CreateOptions, ZooKeeper } from "./Service.ts"
import { transact, multiRead } from "./transact.ts"
import * as tree from "./tree.ts"
import { update } from "./update.ts"

const withParents = <A>(
  view: View,
  path: string,
  options: CreateOptions | undefined,
  create: Effect.Effect<A, ZooKeeperError>
): Effect.Effect<A, ZooKeeperError> =>
  options?.parents !== true
    ? create
    : Effect.catchReason(create, "ZooKeeperError", "NoNode", () =>
        Effect.andThen(tree.ensurePath(view, Path.parent(path), options.acl), create)
      )

const serviceOf = (view: View): ZooKeeper => {
  const { session } = view
  return {
    session: session.info,
    create: (path: string, data: Data = "", options?: CreateOptions) =>
      withParents(
        view,
        path,
        options,
        options?.protected === true
          ? protect.create(view, path, data, options)
          : creation.create(view, path, data, options)
      ),
    create2: (path: string, data: Data = "", options?: CreateOptions) =>
      withParents(view, path, options, creation.create2(view, path, data, options)),
    delete: (path, options) =>
      options?.recursive === true
        ? tree.deleteTree(view, path, options.version)
        : nodes.deleteOne(view, path, options?.version),
    exists: (path) => nodes.exists(view, path),
    get: (path) => nodes.get(view, path),
    getOption: (path) => nodes.getOption(view, path),
    getString: (path) => nodes.getString(view, path),
    set: (path, data, options) => nodes.set(view, path, data, options),
    children: (path) => nodes.children(view, path),
    childrenWithStat: (path) => nodes.childrenWithStat(view, path),
    getAcl: (path) => admin.getAcl(view, path),
    setAcl: (path, acl, options) => admin.setAcl(view, path, acl, options),
    sync: (path) => admin.sync(view, path),
    transact: (...ops) => transact(view, ops),
    multiRead: (...reads) => multiRead(view, reads),
    update: (path, f, options) => update(view, path, f, options),
    getEphemerals: (prefix) => admin.getEphemerals(view, prefix),
    allChildrenNumber: (path) => nodes.allChildrenNumber(view, path),
    whoAmI: admin.whoAmI(view),
    config: admin.config(view),
    reconfig: (options) => admin.reconfig(view, options),
    addAuth: session.addAuth,
    ensurePath: (path, options) => tree.ensurePath(view, path, options?.acl),
    ensureRoot: tree.ensurePath({ ...view, root: "" }, view.root || "/", undefined),
    fourLetterWord: (word, host) => admin.fourLetterWord(view, word, host),
    restart: session.restart,
    whileSession: (effect) => lease.whileSession(view, effect),
    whileConnected: (effect) => lease.whileConnected(view, effect),
    driver: session
  } as ZooKeeper
}

/**
 * The service over a session. What was left to be done in the background may go on for `releaseTimeout` when the scope
 * closes, before the session does.
 */
export const fromSession = Effect.fnUntraced(function* (
  session: Session,
  options: Options
): Effect.fn.Return<ZooKeeper, never, Scope.Scope> {
  const fibers = yield* FiberSet.make()
  const run = yield* FiberSet.runtime(fibers)<never>()
  yield* Effect.addFinalizer(() =>
    Effect.timeoutOption(FiberSet.awaitEmpty(fibers), options.releaseTimeout ?? "2 seconds")
  )
  const view: View = {
    session,
    root: session.chroot,
    defaultAcl: options.defaultAcl ?? Acl.openUnsafe,
    retry: retrySchedule(options),
    background: run
  }
  return serviceOf(view)
})
