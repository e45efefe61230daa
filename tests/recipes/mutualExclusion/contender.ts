/** One contender: takes its turn again and again, and writes under the guard of what it holds for as long as it does. */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Op from "@effect-zookeeper/core/Op"
import type { Node, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { isZooKeeperError, type ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type { Applied } from "@effect-zookeeper/testing/History"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Random } from "./randomOf.ts"
import type { Take, Work } from "./recipes.ts"
import type { RegisterOutput, Witness } from "./testimony.ts"

/** Compared and set: what a holder wrote or found stays as it is until the next write of its own. */
const REGISTER = "/register"
/** Only written, with the token. */
const FENCED = "/fenced"

const WRITES = 3

export const nodes = [REGISTER, FENCED]

const valueOf = ({ data }: Node) => new TextDecoder().decode(data)

const appliedOf = (exit: Exit.Exit<RegisterOutput, unknown>): Applied => {
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  // Refused, or not even sent.
  if (error instanceof LeaseLost) return "no"
  return isZooKeeperError(error) ? error.applied : "unknown"
}

const isBadVersion = (error: unknown): boolean =>
  isZooKeeperError(error) && error.reason._tag === "TransactionFailed" && error.reason.name === "BadVersion"

/** By the check that stands before the write. */
const isRefused = (error: ZooKeeperError): boolean =>
  error.reason._tag === "TransactionFailed" && error.reason.index === 0

export interface Contender {
  readonly name: string
  readonly zk: ZooKeeper
  readonly take: Take
  readonly witness: Witness
  readonly random: Random
  /** Whether it holds alone, so that what it writes is in the order of tokens. */
  readonly isExclusive: boolean
  /** How long between two writes, in ms. */
  readonly pause: () => number
  /** How long the work goes on after a write that failed, in ms. */
  readonly linger: () => number
}

const work =
  ({ isExclusive, linger, name, pause, random, witness, zk }: Contender): Work =>
  (held) => {
    const token = `${held.fencingToken ?? 0}`
    const accept = (mzxid: bigint) => witness.accepted.push({ process: name, mzxid: `${mzxid}`, token })
    const guard = <A>(write: Effect.Effect<A, unknown>) =>
      Effect.tapError(write, (error) =>
        Effect.sync(() => {
          if (isBadVersion(error)) witness.problems.push(`${name}: somebody else wrote while it held, token ${token}`)
        })
      )
    const compareAndSet = (before: { readonly value: string; version: number }, value: string) => {
      const set = held.guard(Op.set(REGISTER, value, { version: before.version }))
      return witness.register.record(
        name,
        { _tag: "cas", expected: before.value, value },
        Effect.as(guard(set), true),
        appliedOf
      )
    }
    const writes = Effect.gen(function* () {
      const register = { value: "", version: 0 }
      if (isExclusive) {
        const read = Effect.map(zk.get(REGISTER), (node) => {
          register.version = node.stat.version
          register.value = valueOf(node)
          return register.value
        })
        yield* witness.register.record(name, { _tag: "read" }, read, () => "no")
      }
      for (let write = 0; write < WRITES; write++) {
        yield* Effect.sleep(pause())
        if (isExclusive && random(2) === 0) {
          const value = `${name}.${witness.moment()}`
          yield* compareAndSet(register, value)
          register.value = value
          register.version++
        } else {
          const [{ mzxid }] = yield* guard(held.guard(Op.set(FENCED, token)))
          if (isExclusive) accept(mzxid)
        }
      }
    })
    // Not all work needs ZooKeeper: it goes on when a write has failed, until it is told to stop.
    const body = Effect.catch(writes, () => Effect.sleep(linger()))
    // As if it had left a process that stood still then: guarded by the node, and not by what the process knows of it.
    const lateWrite = Effect.sleep(pause()).pipe(
      Effect.andThen(zk.transact(Op.check(held.node, "any"), Op.set(FENCED, token))),
      Effect.match({
        onFailure: (error) => {
          if (isRefused(error)) witness.refused++
        },
        onSuccess: ([, { mzxid }]) => {
          if (isExclusive) accept(mzxid)
        }
      })
    )
    return Effect.suspend(() => witness.began(name, held.node)).pipe(
      Effect.andThen(Effect.onInterrupt(body, () => Effect.forkDetach(lateWrite))),
      Effect.ensuring(Effect.suspend(() => witness.ended(name)))
    )
  }

/** Goes on until it is interrupted. What fails here fails by the faults, and is tried again. */
export const run = (contender: Contender): Effect.Effect<never> => {
  const { name, take, witness } = contender
  const once = Effect.onExit(take(work(contender)), (exit) =>
    Effect.sync(() => {
      if (Exit.isFailure(exit) && Cause.hasDies(exit.cause))
        witness.problems.push(`${name}: ${Cause.pretty(exit.cause)}`)
    })
  )
  return Effect.forever(Effect.andThen(Effect.ignore(once), Effect.sleep("50 millis")))
}
