/** The shell that a command is a line of: the command works with the shell's session, and reads no standard input. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Context from "effect/Context"

export interface Surroundings {
  readonly zk: ZooKeeper
  /** Whether somebody types the lines; otherwise they come from standard input, which programs must not read then. */
  readonly isInteractive: boolean
}

/** Undefined for a command that stands alone. */
export const Shell = Context.Reference<Surroundings | undefined>("zk/Shell", { defaultValue: () => undefined })
