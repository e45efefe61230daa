/**
 * Nodes below each other, as a drawing and as nested JSON.
 */
import type { Entry } from "../walk.ts"
import { printable } from "./bytes.ts"
import type { Json } from "./output.ts"

export interface Branch extends Entry {
  readonly children: Array<Branch>
}

/** From a list in which a parent stands before its children. */
export const grow = (entries: ReadonlyArray<Entry>): Branch => {
  const branches = new Map<string, Branch>()
  for (const entry of entries) {
    const branch: Branch = { ...entry, children: [] }
    branches.set(entry.path, branch)
    const slash = entry.path.lastIndexOf("/")
    const parent = branches.get(slash === 0 ? "/" : entry.path.slice(0, slash))
    if (parent !== undefined && parent !== branch) parent.children.push(branch)
  }
  return branches.get(entries[0]!.path)!
}

/** Children that are there and are not shown. */
const hidden = ({ children, stat }: Branch): number => (children.length === 0 ? stat.numChildren : 0)

const label = (branch: Branch, name: string): string =>
  `${printable(name)}${branch.stat.ephemeralOwner === 0n ? "" : " (ephemeral)"}${hidden(branch) > 0 ? ` (${hidden(branch)} more)` : ""}\n`

const below = ({ children }: Branch, indent: string): string =>
  children
    .map((child, index) => {
      const isLast = index === children.length - 1
      const name = child.path.slice(child.path.lastIndexOf("/") + 1)
      return `${indent}${isLast ? "└── " : "├── "}${label(child, name)}${below(child, indent + (isLast ? "    " : "│   "))}`
    })
    .join("")

export const draw = (top: Branch): string => label(top, top.path) + below(top, "")

/** `children` is null where they were not asked for. */
export const toJson = (branch: Branch): Json => ({
  path: branch.path,
  numChildren: branch.stat.numChildren,
  children: hidden(branch) > 0 ? null : branch.children.map(toJson)
})
