/** Which instances are left out for a while, after so many errors within that time. */
import type { ServiceInstance } from "../ServiceInstance.ts"

/** One that was registered anew under its old id is another one. */
export const keyOf = ({ id, registrationTimeUTC }: ServiceInstance): string => `${registrationTimeUTC} ${id}`

export class DownInstances {
  /** When the newest errors of an instance were, in milliseconds: only those within the time, and as many as matter. */
  private readonly errors = new Map<string, ReadonlyArray<number>>()
  private readonly threshold: number
  private readonly within: number

  constructor(threshold: number, within: number) {
    this.threshold = threshold
    this.within = within
  }

  private isOver(times: ReadonlyArray<number>, now: number): boolean {
    return now - times.at(-1)! >= this.within
  }

  note(instance: ServiceInstance, now: number): void {
    for (const [key, times] of this.errors) if (this.isOver(times, now)) this.errors.delete(key)
    const key = keyOf(instance)
    const before = this.errors.get(key)?.filter((time) => now - time < this.within) ?? []
    this.errors.set(key, [...before, now].slice(-this.threshold))
  }

  isDown(instance: ServiceInstance, now: number): boolean {
    const times = this.errors.size === 0 ? undefined : this.errors.get(keyOf(instance))
    return times !== undefined && times.length >= this.threshold && !this.isOver(times, now)
  }
}
