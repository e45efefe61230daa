/**
 * One operation as an Effect: the request goes to the session at once, the answer resumes the fiber directly.
 *
 * This is the path of every operation, so it has one callback and no timer, span or retry of its own until something
 * goes wrong.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { ErrorCode } from "../model/ErrorCode.ts"
import * as Path from "../model/Path.ts"
import {
  type Applied,
  fromCode,
  InvalidArgument,
  make as makeError,
  type Reason,
  type ZooKeeperError
} from "../model/ZooKeeperError.ts"
import type { Acl } from "../model/Acl.ts"
import type { Call, Session } from "../session/Session.ts"
import type { Operation } from "../wire/Operation.ts"
import { isTraced, traced } from "./tracing.ts"
import type { WatchHub } from "./watch/WatchHub.ts"

/** A session as seen from below a path, with what its operations have in common. */
export interface View {
  readonly session: Session
  /** The chroot and the namespaces below it, "" for none. */
  readonly root: string
  readonly defaultAcl: ReadonlyArray<Acl>
  readonly retry: Schedule.Schedule<unknown, unknown>
  /** Runs something that nobody waits for, to its end or shortly after the session's scope closed. */
  readonly background: (effect: Effect.Effect<void>) => void
  readonly hub: WatchHub
}

/** What is asked for, and what is made of the answer. */
export interface Ask<in out Request, in out Response, in out A> {
  readonly view: View
  /** The method's name, for errors. */
  readonly name: string
  readonly path: string | undefined
  readonly operation: Operation<Request, Response>
  readonly request: Request
  readonly success: (response: Response, view: View) => A
  /** The value that stands for a missing node, where that is no failure. */
  readonly missing?: A | undefined
  /** What to do about an operation whose caller was interrupted after it was sent: its value, undefined if unknown. */
  readonly orphaned?: (value: A | undefined) => void
}

/** The error of an operation, with what the session knows. */
export const failure = (
  view: View,
  operation: string,
  path: string | undefined,
  reason: Reason,
  applied: Applied,
  zxid?: bigint
): ZooKeeperError =>
  makeError(() => ({
    operation,
    applied,
    reason,
    ...(path === undefined ? {} : { path }),
    ...(view.session.info.id === 0n ? {} : { sessionId: view.session.info.id }),
    ...(zxid === undefined || zxid <= 0n ? {} : { zxid })
  }))

/** An error of bad input: nothing was sent. */
export const invalid = (
  view: View,
  operation: string,
  path: string | undefined,
  problem: string
): Effect.Effect<never, ZooKeeperError> =>
  Effect.fail(failure(view, operation, path, new InvalidArgument({ problem }), "no"))

export const NO_NODE = ErrorCode.NoNode

/** What becomes of an operation whose attempt failed. */
type Failed = <Request, Response, A>(
  ask: Ask<Request, Response, A>,
  error: ZooKeeperError
) => Effect.Effect<A, ZooKeeperError>

const giveUp: Failed = (_, error) => Exit.fail(error)

const retry: Failed = (ask, error) => (error.isRetryable ? again(ask, error) : Exit.fail(error))

class Attempt<Request, Response, A> implements Call<Request, Response> {
  private readonly ask: Ask<Request, Response, A>
  private readonly failed: Failed
  private readonly resume: (effect: Effect.Effect<A, ZooKeeperError>) => void
  private isOrphan = false

  constructor(
    ask: Ask<Request, Response, A>,
    failed: Failed,
    resume: (effect: Effect.Effect<A, ZooKeeperError>) => void
  ) {
    this.ask = ask
    this.failed = failed
    this.resume = resume
  }

  get operation(): Operation<Request, Response> {
    return this.ask.operation
  }

  get request(): Request {
    return this.ask.request
  }

  /** The caller is gone, and the request is not. */
  orphan(): void {
    this.isOrphan = true
  }

  succeed(response: Response): void {
    if (this.isOrphan) return this.ask.orphaned?.(this.ask.success(response, this.ask.view))
    this.resume(Exit.succeed(this.ask.success(response, this.ask.view)))
  }

  refuse(code: number, zxid: bigint): void {
    const { missing, name, path, view } = this.ask
    if (code === NO_NODE && missing !== undefined) return this.resume(Exit.succeed(missing))
    this.resume(this.failed(this.ask, failure(view, name, path, fromCode(code), "no", zxid)))
  }

  fail(reason: Reason, applied: Applied): void {
    if (this.isOrphan && applied === "unknown") return this.ask.orphaned?.(undefined)
    const { name, operation, path, view } = this.ask
    // What only reads cannot have been applied, however far it came.
    const error = failure(view, name, path, reason, operation.repeatable ? "no" : applied)
    this.resume(this.failed(this.ask, error))
  }
}

const submit = <Request, Response, A>(
  ask: Ask<Request, Response, A>,
  failed: Failed,
  resume: (effect: Effect.Effect<A, ZooKeeperError>) => void
): Effect.Effect<void> | undefined => {
  const { session } = ask.view
  const call = new Attempt(ask, failed, resume)
  // An operation that was sent keeps its place, and its late answer resumes nobody: mostly there is nothing to clean up.
  if (!session.submit(call) && ask.orphaned === undefined) return undefined
  return Effect.sync(() => {
    if (!session.abandon(call)) call.orphan()
  })
}

const attempt = <Request, Response, A>(
  ask: Ask<Request, Response, A>,
  failed: Failed
): Effect.Effect<A, ZooKeeperError> => Effect.callback((resume) => submit(ask, failed, resume))

/** The operation, within a span if a tracer is installed: looked for in here and not around it, since each Effect costs. */
const observed = <Request, Response, A>(
  ask: Ask<Request, Response, A>,
  failed: Failed
): Effect.Effect<A, ZooKeeperError> =>
  Effect.callback((resume) =>
    isTraced(Fiber.getCurrent()) ? resume(traced(ask, attempt(ask, failed))) : submit(ask, failed, resume)
  )

/** Sends once, whatever happens. */
export const once = <Request, Response, A>(ask: Ask<Request, Response, A>): Effect.Effect<A, ZooKeeperError> =>
  observed(ask, giveUp)

/** Sends, and sends again by the `retry` Schedule what certainly was not done and may succeed next time. */
export const perform = <Request, Response, A>(ask: Ask<Request, Response, A>): Effect.Effect<A, ZooKeeperError> =>
  observed(ask, retry)

const again = <Request, Response, A>(
  ask: Ask<Request, Response, A>,
  error: ZooKeeperError
): Effect.Effect<A, ZooKeeperError> =>
  Effect.flatMap(Schedule.toStepWithSleep(ask.view.retry), (step) => {
    const next = (error: ZooKeeperError): Effect.Effect<A, ZooKeeperError> =>
      Effect.matchCauseEffect(step(error), {
        onFailure: () => Effect.fail(error),
        onSuccess: () =>
          Effect.catch(attempt(ask, giveUp), (error) => (error.isRetryable ? next(error) : Exit.fail(error)))
      })
    return next(error)
  })

/** The failure of an operation on something that is no path; undefined when it is one. */
export const badPath = (view: View, name: string, path: string): Effect.Effect<never, ZooKeeperError> | undefined => {
  const problem = Path.problem(path)
  return problem === undefined ? undefined : invalid(view, name, path, `'${path}' is not a path: ${problem}`)
}

/** Checks a path, then goes on with the server's name for it. */
export const at = <A, R>(
  view: View,
  name: string,
  path: string,
  run: (path: string) => Effect.Effect<A, ZooKeeperError, R>
): Effect.Effect<A, ZooKeeperError, R> => badPath(view, name, path) ?? run(Path.prepend(view.root, path))
