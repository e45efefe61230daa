/**
 * The operating-system process that a client of a virtual cluster runs in: it can be stopped, so that its timers and its
 * sockets stand still while time goes on, and its network can be taken away.
 */
import type { Connection, Receiver, Target } from "@effect-zookeeper/core/Connection"
import { Transport } from "@effect-zookeeper/core/Transport"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

type Run = () => void

/** Keeps what comes while it is shut. */
export class Door {
  private waiting: Array<Run> | undefined

  get isShut(): boolean {
    return this.waiting !== undefined
  }

  shut(): void {
    this.waiting ??= []
  }

  open(): void {
    const waiting = this.waiting ?? []
    this.waiting = undefined
    for (const run of waiting) run()
  }

  pass(run: Run): void {
    if (this.waiting === undefined) run()
    else this.waiting.push(run)
  }

  readonly through: Effect.Effect<void> = Effect.suspend(() =>
    this.isShut ? Effect.callback<void>((resume) => this.pass(() => resume(Effect.void))) : Effect.void
  )
}

export class ClientProcess {
  readonly timers = new Door()
  readonly sockets = new Door()
  /** One for each server, by its port. */
  private readonly lines = new Map<number, Door>()

  get isStopped(): boolean {
    return this.timers.isShut || this.sockets.isShut
  }

  /** As SIGSTOP does; it goes on once both doors are open. */
  stop(): void {
    this.timers.shut()
    this.sockets.shut()
  }

  /** Takes the network to a server away, without a word to either side. */
  cut(port: number): void {
    this.line(port).shut()
  }

  /** Gives it back; what was on its way arrives. */
  heal(port: number): void {
    this.line(port).open()
  }

  private line(port: number): Door {
    const found = this.lines.get(port) ?? new Door()
    this.lines.set(port, found)
    return found
  }

  private clock(clock: Clock.Clock): Clock.Clock {
    return {
      ...clock,
      sleep: (duration) => Effect.andThen(clock.sleep(duration), this.timers.through)
    }
  }

  private receiver(line: Door, receiver: Receiver): Receiver {
    const arrive = (run: Run) => line.pass(() => this.sockets.pass(run))
    return {
      onChunk: (chunk) => {
        // Good during the call only.
        const bytes = Buffer.from(chunk)
        arrive(() => receiver.onChunk(bytes))
      },
      onClose: (cause) => arrive(() => receiver.onClose(cause))
    }
  }

  private transport(transport: Transport): Transport {
    return {
      open: (target: Target, receiver) => {
        const line = this.line(target.port)
        let isOpen = true
        const guarded: Receiver = {
          onChunk: (chunk) => {
            if (isOpen) receiver.onChunk(chunk)
          },
          onClose: (cause) => {
            if (isOpen) receiver.onClose(cause)
          }
        }
        const wrap = (connection: Connection): Connection => ({
          write: (bytes) => {
            const copy = Buffer.from(bytes)
            line.pass(() => connection.write(copy))
            return true
          },
          destroy: () => {
            isOpen = false
            line.pass(() => connection.destroy())
          }
        })
        const opened = Effect.andThen(line.through, transport.open(target, this.receiver(line, guarded)))
        return Effect.map(opened, wrap)
      }
    }
  }

  /** Runs something in this process. */
  readonly run = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Effect.all([Clock.Clock, Transport]), ([clock, transport]) =>
      effect.pipe(
        Effect.provideService(Clock.Clock, this.clock(clock)),
        Effect.provideService(Transport, this.transport(transport))
      )
    )
}
