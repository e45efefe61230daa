/** Puts the service together over any driver. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Path from "../model/Path.ts"
import * as Acl from "../model/Acl.ts"
import type { Options } from "../session/Options.ts"
import type { Session } from "../session/Session.ts"
import { retrySchedule } from "../session/settings.ts"
import * as admin from "./admin.ts"
import type { View } from "./Attempt.ts"
import { Background } from "./Background.ts"
import * as creation from "./create.ts"
import type { Data } from "./Data.ts"
import { deleteNode } from "./delete.ts"
import * as lease from "./lease.ts"
import * as nodes from "./nodes.ts"
import * as protect from "./protect.ts"
import type { CreateOptions } from "./service/Nodes.ts"
import type { ZooKeeper } from "./Service.ts"
import { setOrCreate } from "./setOrCreate.ts"
import { transact, multiRead } from "./transact.ts"
import * as tree from "./tree.ts"
import { update } from "./update.ts"
import * as changes from "./watch/changes.ts"
import * as Once from "./watch/once.ts"
import { watchScoped } from "./watch/raw.ts"
import { WatchHub } from "./watch/WatchHub.ts"
import { withParents } from "./withParents.ts"

/** A namespace below a namespace; `/` changes nothing. A path that is none is a mistake in the program. */
const namespaceRoot = (root: string, path: string): string => {
  const problem = Path.problem(path)
  if (problem !== undefined) throw new TypeError(`the namespace '${path}' is not a path: ${problem}`)
  return path === "/" ? root : root + path
}

const serviceOf = (view: View): ZooKeeper => {
  const { session } = view
  return {
    session: session.info,
    create: (path: string, data: Data = "", options?: CreateOptions) =>
      withParents(
        view,
        path,
        options,
        options?.protected !== undefined && options.protected !== false
          ? protect.create(view, path, data, options)
          : creation.create(view, path, data, options)
      ),
    create2: (path: string, data: Data = "", options?: Omit<CreateOptions, "protected">) =>
      withParents(view, path, options, creation.create2(view, path, data, options)),
    delete: (path, options) => deleteNode(view, path, options),
    exists: (path) => nodes.exists(view, path),
    get: (path) => nodes.get(view, path),
    getOption: (path) => nodes.getOption(view, path),
    getString: (path) => nodes.getString(view, path),
    set: (path, data, options) =>
      options?.orCreate === undefined || options.orCreate === false
        ? nodes.set(view, path, data, options)
        : setOrCreate(view, path, data, options),
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
    whoAmI: Effect.suspend(() => admin.whoAmI(view)),
    config: Effect.suspend(() => admin.config(view)),
    reconfig: (options) => admin.reconfig(view, options),
    addAuth: session.addAuth,
    ensurePath: (path, options) => tree.ensurePath(view, path, options?.acl),
    ensureRoot: Effect.suspend(() => tree.ensurePath({ ...view, root: "" }, view.root || "/", undefined)),
    fourLetterWord: (word, host) => admin.fourLetterWord(view, word, host),
    setHosts: session.setHosts,
    restart: session.restart,
    whileSession: (effect) => lease.whileSession(view, effect),
    whileConnected: (effect) => lease.whileConnected(view, effect),
    once: {
      data: (path) => Once.data(view, path),
      children: (path) => Once.children(view, path),
      exists: (path) => Once.exists(view, path)
    },
    changes: {
      data: (path) => Stream.unwrap(changes.dataScoped(view, path)),
      children: (path) => Stream.unwrap(changes.childrenScoped(view, path)),
      exists: (path) => Stream.unwrap(changes.existsScoped(view, path)),
      config: () => Stream.unwrap(changes.dataScoped({ ...view, root: "" }, admin.CONFIG)),
      dataScoped: (path) => changes.dataScoped(view, path),
      childrenScoped: (path) => changes.childrenScoped(view, path),
      existsScoped: (path) => changes.existsScoped(view, path)
    },
    watch: (path, options) => Stream.unwrap(watchScoped(view, path, options)),
    watchScoped: (path, options) => watchScoped(view, path, options),
    namespace: (path) => serviceOf({ ...view, root: namespaceRoot(view.root, path) }),
    driver: session
  }
}

/** Clients do not make their chroot; everything below it would only say NoNode. */
const reportMissingRoot = (view: View): Effect.Effect<void> =>
  Effect.matchEffect(nodes.exists(view, "/"), {
    onFailure: () => Effect.void,
    onSuccess: (stat) =>
      Option.isSome(stat)
        ? Effect.void
        : Effect.logWarning(
            `The chroot ${view.root} does not exist on the server; until it is made, everything below it is missing`
          )
  })

/**
 * The service over a session. What was left to be done in the background may go on for `releaseTimeout` when the scope
 * closes, before the session does.
 */
export const fromSession = Effect.fnUntraced(function* (
  session: Session,
  options: Options
): Effect.fn.Return<ZooKeeper, never, Scope.Scope> {
  const background = new Background(Effect.runForkWith(yield* Effect.context<never>()))
  yield* Effect.addFinalizer(() => background.end(options.releaseTimeout ?? "2 seconds"))
  const retry = retrySchedule(options)
  const view: View = {
    session,
    root: session.chroot,
    defaultAcl: options.defaultAcl ?? Acl.openUnsafe,
    retry,
    background: background.run,
    hub: new WatchHub(session, retry, background.runMeanwhile)
  }
  if (view.root !== "") background.runMeanwhile(reportMissingRoot(view))
  return serviceOf(view)
})
