/** Which cores the processes of the bench run on: what the scheduler happens to do must not be what is measured. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"

/**
 * Keeps the cores awake, as those of a machine with work to do are: a process of the lowest priority for each. A core of a
 * virtual machine that fell asleep takes its hypervisor 20 to 50 us to wake, and these are counted as the work of whoever
 * wakes it.
 */
export const awake: Effect.Effect<void, never, Scope.Scope> = Effect.asVoid(
  Effect.acquireRelease(
    Effect.sync(() =>
      os.cpus().map(() => {
        const child = spawn(process.execPath, [`${import.meta.dirname}/spin.js`], {
          stdio: ["pipe", "ignore", "inherit"]
        })
        if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_LOW)
        return child
      })
    ),
    (children) =>
      Effect.sync(() => {
        for (const child of children) child.kill()
      })
  )
)

/** This process and those that it has started; what they start later runs where they do. */
const processes = (): ReadonlyArray<string> => {
  const children = fs.readFileSync(`/proc/self/task/${process.pid}/children`, "utf8")
  return [String(process.pid), ...children.split(" ").filter((pid) => pid !== "")]
}

const moveTo = (cores: string): void => {
  for (const pid of processes()) spawnSync("taskset", ["-a", "-c", "-p", cores, pid])
}

/** Of Linux. */
const canMove = spawnSync("taskset", ["--version"]).status === 0

/**
 * Has client and server share one core, for operations that are done one after the other: one of the two sleeps while the
 * other works. On two cores each would wake the other's; which of the two ways the scheduler takes changes with every
 * process, and costs more than twice the CPU. Measured at depth 1 on the canned server, us of CPU on one core and on two:
 * ours 16 and 40, nzc 28 and 55, the bare socket 14 and 33.
 */
export const onOneCore = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  canMove
    ? Effect.acquireUseRelease(
        Effect.sync(() => moveTo("0")),
        () => effect,
        () => Effect.sync(() => moveTo(`0-${os.cpus().length - 1}`))
      )
    : effect
