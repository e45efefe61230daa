/** Quotas: what `/zookeeper/quota<path>/zookeeper_limits` and `zookeeper_stats` say, kept current and enforced. */
import { ErrorCode } from "@effect-zookeeper/core/ErrorCode"
import * as Path from "@effect-zookeeper/core/Path"
import type { DataTree } from "./DataTree.ts"
import { KeeperException } from "./KeeperException.ts"

const ROOT = "/zookeeper/quota"
const LIMITS = "zookeeper_limits"
const STATS = "zookeeper_stats"

/** `count=5,bytes=-1;countHardLimit=9`: −1 and absent both stand for no limit. */
const parse = (data: Uint8Array | null): ReadonlyMap<string, number> => {
  const fields = new Map<string, number>()
  for (const pair of Buffer.from(data ?? [])
    .toString()
    .split(/[,;]+/)) {
    const [key, value] = pair.split("=")
    if (key !== undefined && value !== undefined) fields.set(key, Number(value))
  }
  return fields
}

export class Quotas {
  private readonly tree: DataTree
  private readonly limited = new Set<string>()

  constructor(tree: DataTree) {
    this.tree = tree
  }

  /** The longest path with limits at or above `path`. */
  private prefix(path: string): string | undefined {
    for (let at = path; at !== "/"; at = Path.parent(at)) if (this.limited.has(at)) return at
    return undefined
  }

  created(path: string): void {
    const parent = Path.parent(path)
    if (!parent.startsWith(`${ROOT}/`)) return
    const limited = parent.slice(ROOT.length)
    if (Path.name(path) === LIMITS) this.limited.add(limited)
    if (Path.name(path) === STATS) this.count(limited)
  }

  deleted(path: string): void {
    if (path.startsWith(`${ROOT}/`) && Path.name(path) === LIMITS) {
      this.limited.delete(Path.parent(path).slice(ROOT.length))
    }
  }

  private count(limited: string): void {
    let count = 0
    let bytes = 0
    for (const [path, { data }] of this.tree.nodes) {
      if (!Path.isWithin(path, limited)) continue
      count++
      bytes += data?.length ?? 0
    }
    this.write(limited, count, bytes)
  }

  /** In place: neither versions nor zxids change, and no watch fires. */
  private write(limited: string, count: number, bytes: number): void {
    const stats = this.tree.get(`${ROOT}${limited}/${STATS}`)
    if (stats !== undefined) stats.data = Buffer.from(`count=${count},bytes=${bytes}`)
  }

  changed(path: string, count: number, bytes: number): void {
    const limited = this.prefix(path)
    if (limited === undefined) return
    const stats = parse(this.tree.get(`${ROOT}${limited}/${STATS}`)?.data ?? null)
    this.write(limited, (stats.get("count") ?? 0) + count, (stats.get("bytes") ?? 0) + bytes)
  }

  /** Refuses what a hard limit forbids; only growth is looked at. */
  check(path: string, count: number, bytes: number): void {
    const limited = this.prefix(path)
    if (limited === undefined) return
    const limits = parse(this.tree.get(`${ROOT}${limited}/${LIMITS}`)?.data ?? null)
    const stats = parse(this.tree.get(`${ROOT}${limited}/${STATS}`)?.data ?? null)
    const exceeds = (what: string, hard: string, growth: number): boolean => {
      const limit = limits.get(hard) ?? -1
      return growth > 0 && limit > -1 && (stats.get(what) ?? 0) + growth > limit
    }
    if (exceeds("count", "countHardLimit", count) || exceeds("bytes", "byteHardLimit", bytes)) {
      throw new KeeperException(ErrorCode.QuotaExceeded)
    }
  }
}
