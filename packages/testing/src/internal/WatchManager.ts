/** One table of watches, by path and watcher (org.apache.zookeeper.server.watch.WatchManager, as it is up to 3.8). */
import * as Path from "@effect-zookeeper/core/Path"

export type WatcherMode = "standard" | "persistent" | "recursive"

export class WatchManager<Watcher> {
  /** One mode per path and watcher: a later one replaces it (3.9 keeps them side by side). */
  private readonly table = new Map<string, Map<Watcher, WatcherMode>>()
  /** A watcher stays here, with no paths, until its connection ends: so counts the real one. */
  private readonly paths = new Map<Watcher, Set<string>>()

  add(path: string, watcher: Watcher, mode: WatcherMode): void {
    const watchers = this.table.get(path)
    if (watchers === undefined) this.table.set(path, new Map([[watcher, mode]]))
    else watchers.set(watcher, mode)
    const paths = this.paths.get(watcher)
    if (paths === undefined) this.paths.set(watcher, new Set([path]))
    else paths.add(path)
  }

  /** Takes out one watch; false when there was none. */
  remove(path: string, watcher: Watcher): boolean {
    const watchers = this.table.get(path)
    if (watchers?.delete(watcher) !== true) return false
    if (watchers.size === 0) this.table.delete(path)
    this.paths.get(watcher)?.delete(path)
    return true
  }

  removeAll(watcher: Watcher): void {
    for (const path of [...(this.paths.get(watcher) ?? [])]) this.remove(path, watcher)
    this.paths.delete(watcher)
  }

  /** Whether *anyone* watches the path: checkWatches asks no more than that up to 3.8 (measured on 3.8.0). */
  contains(path: string): boolean {
    return this.table.has(path)
  }

  /** Only then a real server looks at the ancestors of a path that it is asked about. */
  get hasRecursive(): boolean {
    return [...this.table.values()].some((watchers) => [...watchers.values()].includes("recursive"))
  }

  /** Who gets an event: each watcher once, its one-shot watch spent. Recursive watches know no NodeChildrenChanged. */
  trigger(path: string, isChildrenChanged: boolean): ReadonlySet<Watcher> {
    const found = new Set<Watcher>()
    for (const [watcher, mode] of [...(this.table.get(path) ?? [])]) {
      if (mode === "recursive" && isChildrenChanged) continue
      found.add(watcher)
      if (mode === "standard") this.remove(path, watcher)
    }
    if (isChildrenChanged) return found
    for (let at = path; at !== "/";) {
      at = Path.parent(at)
      for (const [watcher, mode] of this.table.get(at) ?? []) if (mode === "recursive") found.add(watcher)
    }
    return found
  }

  get connectionCount(): number {
    return this.paths.size
  }

  get pathCount(): number {
    return this.table.size
  }

  get size(): number {
    let size = 0
    for (const paths of this.paths.values()) size += paths.size
    return size
  }

  get byPath(): ReadonlyArray<readonly [path: string, watchers: ReadonlyArray<Watcher>]> {
    return [...this.table].map(([path, watchers]) => [path, [...watchers.keys()]] as const)
  }

  get byWatcher(): ReadonlyArray<readonly [watcher: Watcher, paths: ReadonlyArray<string>]> {
    return [...this.paths]
      .filter(([, paths]) => paths.size > 0)
      .map(([watcher, paths]) => [watcher, [...paths]] as const)
  }
}
