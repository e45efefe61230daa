/**
 * The operations that wait for a connection, or for room on it. Each is encoded when it is called, so that bytes of the
 * caller's are read then and never later.
 */
import { InvalidArgument, Overloaded, type Reason } from "../model/ZooKeeperError.ts"
import { JuteWriter } from "../wire/JuteWriter.ts"
import { Link } from "./Link.ts"
import type { AnyCall } from "./Session.ts"

interface Waiter {
  readonly frame: Uint8Array
  readonly since: number
}

export class Waiting {
  private readonly calls = new Map<AnyCall, Waiter>()
  private readonly writer = new JuteWriter(1024)
  private readonly maxQueued: number
  private readonly maxRequest: number

  constructor(maxQueued: number, maxRequest: number) {
    this.maxQueued = maxQueued
    this.maxRequest = maxRequest
  }

  get size(): number {
    return this.calls.size
  }

  /** Keeps a call, or fails it at once when it is one too many or too large. */
  add(call: AnyCall, since: number): void {
    if (this.calls.size >= this.maxQueued) return call.fail(new Overloaded({ queued: this.calls.size }), "no")
    if (!Link.encode(this.writer, 0, call.operation, call.request, this.maxRequest)) {
      return call.fail(tooLarge(this.maxRequest), "no")
    }
    this.calls.set(call, { frame: new Uint8Array(this.writer.written()), since })
    this.writer.reset()
  }

  /** True when the call was waiting. */
  remove(call: AnyCall): boolean {
    return this.calls.delete(call)
  }

  /** Hands calls over in order for as long as there is room. */
  drain(hasRoom: () => boolean, give: (call: AnyCall, frame: Uint8Array) => void): void {
    for (const [call, { frame }] of this.calls) {
      if (!hasRoom()) return
      this.calls.delete(call)
      give(call, frame)
    }
  }

  /** Since when the oldest call waits. */
  oldest(): number | undefined {
    for (const { since } of this.calls.values()) return since
    return undefined
  }

  /** Fails the calls that wait since `before` or longer; all of them when it is left out. */
  fail(reason: Reason, before: number = Infinity): void {
    const late: Array<AnyCall> = []
    for (const [call, { since }] of this.calls) {
      if (since > before) break
      late.push(call)
    }
    // Whoever is told may ask again at once, or give up what another waits for.
    for (const call of late) {
      if (this.calls.delete(call)) call.fail(reason, "no")
    }
  }
}

/** Why a request is refused before it is sent. */
export const tooLarge = (maxRequest: number): InvalidArgument =>
  new InvalidArgument({
    problem: `the request is larger than ${maxRequest} bytes; store less, or raise jute.maxbuffer on the servers and maxRequest here`
  })
