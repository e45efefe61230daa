/**
 * How many more watches an adopted client may have: it registers all of them in one request after a reconnect, and once
 * that is larger than servers accept, it never connects again (museum 19).
 */
import type { ConnectionManager } from "./library.ts"

/** Headers, the zxid and the counts of three lists. */
const FIXED = 4 + 8 + 8 + 12

/** The rest is for watches that are asked for and not answered, which the client does not count yet. */
const PART = 7 / 8

const used = ({ chrootPath, watcherManager }: ConnectionManager): number => {
  const root = Buffer.byteLength(chrootPath ?? "")
  let bytes = FIXED
  for (const paths of Object.values(watcherManager) as ReadonlyArray<Readonly<Record<string, unknown>>>) {
    if (typeof paths !== "object") continue
    for (const path of Object.keys(paths)) bytes += 4 + root + Buffer.byteLength(path)
  }
  return bytes
}

/** Says whether a watch on a path (the server's name for it) still fits. All watches of the client count. */
export const make = (manager: ConnectionManager, maxRequest: number): ((path: string) => boolean) => {
  let room = 0
  return (path) => {
    const bytes = 4 + Buffer.byteLength(path)
    // Watches that fired have made room, which only counting shows.
    if (room < bytes) room = maxRequest * PART - used(manager)
    if (room < bytes) return false
    room -= bytes
    return true
  }
}
