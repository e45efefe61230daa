/**
 * The error of work that may no longer be protected.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * What was held can no longer be relied on, and the work under it was interrupted.
 *
 * - `expired`: the server (or our own clock) says that the session is over;
 * - `deadline`: no server confirmed the session in time, so it may be over;
 * - `deleted`: the holder's node was deleted by somebody else, or what was held was given back;
 * - `disconnected`: the connection is gone (`whileConnected`, and recipes with `stopOn: "suspended"`).
 *
 * @category errors
 * @since 0.1.0
 */
export class LeaseLost extends Data.TaggedError("LeaseLost")<{
  readonly why: "expired" | "deadline" | "deleted" | "disconnected"
}> {
  override get message(): string {
    switch (this.why) {
      case "expired":
        return "the session has expired"
      case "deadline":
        return "no server confirmed the session in time, so it may have expired"
      case "deleted":
        return "the node that stood for it was deleted"
      case "disconnected":
        return "the connection was lost"
    }
  }
}
