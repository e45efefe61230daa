/** When sessions expire: on tick boundaries, some time after their last sign of life (org.apache.zookeeper.server.ExpiryQueue). */

export class SessionTracker {
  private readonly tickTime: number
  private readonly expiresAt = new Map<bigint, number>()
  private readonly buckets = new Map<number, Set<bigint>>()

  constructor(tickTime: number) {
    this.tickTime = tickTime
  }

  /** Always up, never the same: a session gets its timeout and up to one tick more. */
  private boundary(time: number): number {
    return (Math.floor(time / this.tickTime) + 1) * this.tickTime
  }

  has(id: bigint): boolean {
    return this.expiresAt.has(id)
  }

  add(id: bigint, timeOut: number, now: number): void {
    this.remove(id)
    this.put(id, this.boundary(now + timeOut))
  }

  /** A sign of life; false for a session that is not tracked. */
  touch(id: bigint, timeOut: number, now: number): boolean {
    const before = this.expiresAt.get(id)
    if (before === undefined) return false
    const after = this.boundary(now + timeOut)
    if (after !== before) {
      this.remove(id)
      this.put(id, after)
    }
    return true
  }

  private put(id: bigint, at: number): void {
    this.expiresAt.set(id, at)
    const bucket = this.buckets.get(at)
    if (bucket === undefined) this.buckets.set(at, new Set([id]))
    else bucket.add(id)
  }

  remove(id: bigint): void {
    const at = this.expiresAt.get(id)
    if (at === undefined) return
    this.expiresAt.delete(id)
    const bucket = this.buckets.get(at)!
    bucket.delete(id)
    if (bucket.size === 0) this.buckets.delete(at)
  }

  clear(): void {
    this.expiresAt.clear()
    this.buckets.clear()
  }

  /** When the next session may expire. */
  get next(): number | undefined {
    let next: number | undefined
    for (const at of this.buckets.keys()) if (next === undefined || at < next) next = at
    return next
  }

  /** Takes out the sessions whose time is over, the earliest first. */
  expire(now: number): ReadonlyArray<bigint> {
    const due = [...this.buckets.keys()].filter((at) => at <= now).sort((a, b) => a - b)
    const ids = due.flatMap((at) => [...this.buckets.get(at)!])
    for (const id of ids) this.remove(id)
    return ids
  }

  /** For the `dump` command: the sessions of each boundary. */
  get sets(): ReadonlyArray<readonly [at: number, ids: ReadonlyArray<bigint>]> {
    return [...this.buckets].map(([at, ids]) => [at, [...ids]] as const).sort(([a], [b]) => a - b)
  }
}
