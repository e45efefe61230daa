/**
 * The requests that were sent and not answered, in order: a server answers them in the order in which it got them.
 */
import type { AnyCall } from "./Session.ts"

/** Up to which position requests were written, and when. */
interface Mark {
  readonly end: number
  readonly at: number
}

export class InFlight {
  /** A ring whose size is a power of two; positions count up for ever and are taken modulo the size. */
  private ring: Array<AnyCall | undefined> = new Array(64).fill(undefined)
  private mask = 63
  private head = 0
  private tail = 0
  /** Up to where calls were written; those after it are encoded and have not left. */
  private written = 0
  /** Up to where calls were looked at for being overdue. */
  private swept = 0
  /** Up to where somebody waits for an answer. */
  private waitedFor = 0
  private marks: Array<Mark> = []
  private firstMark = 0

  get size(): number {
    return this.tail - this.head
  }

  /** How many are encoded and have not left. */
  get unwritten(): number {
    return this.tail - this.written
  }

  /** Whether nobody waits for any of them. */
  get isPatient(): boolean {
    return this.waitedFor <= this.head
  }

  /** How many were answered so far. */
  get answered(): number {
    return this.head
  }

  push(call: AnyCall): void {
    if (this.tail - this.head > this.mask) this.grow()
    this.ring[this.tail++ & this.mask] = call
    if (call.isPatient !== true) this.waitedFor = this.tail
  }

  private grow(): void {
    const larger: Array<AnyCall | undefined> = new Array((this.mask + 1) * 2).fill(undefined)
    const mask = larger.length - 1
    for (let i = this.head; i < this.tail; i++) larger[i & mask] = this.ring[i & this.mask]
    this.ring = larger
    this.mask = mask
  }

  /** The oldest call, in its place; undefined where it was given up meanwhile. */
  peek(): AnyCall | undefined {
    return this.ring[this.head & this.mask]
  }

  /** Takes the oldest call out. The caller has made sure that there is one. */
  shift(): AnyCall | undefined {
    const index = this.head++ & this.mask
    const call = this.ring[index]
    this.ring[index] = undefined
    return call
  }

  /** Everything pushed so far is being written. */
  flushed(at: number): void {
    if (this.written === this.tail) return
    this.forget()
    this.written = this.tail
    this.marks.push({ end: this.tail, at })
  }

  /** Leaves the marks of what was answered behind, but for the last one. */
  private forget(): void {
    const marks = this.marks
    while (this.firstMark < marks.length - 1 && marks[this.firstMark]!.end < this.head) this.firstMark++
    if (this.firstMark > 64 && this.firstMark * 2 > marks.length) {
      marks.splice(0, this.firstMark)
      this.firstMark = 0
    }
  }

  /** When the request that was answered last was written. */
  answeredSentAt(): number {
    this.forget()
    return this.marks[this.firstMark]?.at ?? -Infinity
  }

  /** Since when the oldest request waits for its answer; undefined when none was written. */
  waitingSince(): number | undefined {
    if (this.head >= this.written) return undefined
    for (let i = this.firstMark; i < this.marks.length; i++) {
      if (this.marks[i]!.end > this.head) return this.marks[i]!.at
    }
    return undefined
  }

  /** Takes the calls that were written before `before` out of their places, which stay for their late answers. */
  overdue(before: number, give: (call: AnyCall) => void): void {
    for (let i = this.firstMark; i < this.marks.length && this.marks[i]!.at <= before; i++) {
      const end = this.marks[i]!.end
      for (let at = Math.max(this.swept, this.head); at < end; at++) {
        const call = this.ring[at & this.mask]
        this.ring[at & this.mask] = undefined
        if (call !== undefined) give(call)
      }
      this.swept = Math.max(this.swept, end)
    }
  }

  /** When the oldest call that was not looked at by `overdue` was written; undefined when there is none. */
  nextSweep(): number | undefined {
    const from = Math.max(this.swept, this.head)
    for (let i = this.firstMark; i < this.marks.length; i++) {
      if (this.marks[i]!.end > from) return this.marks[i]!.at
    }
    return undefined
  }

  /** Hands out all that is left, with whether it was written, and forgets it. */
  drain(give: (call: AnyCall, written: boolean) => void): void {
    while (this.head < this.tail) {
      const written = this.head < this.written
      const call = this.shift()
      if (call !== undefined) give(call, written)
    }
  }
}
