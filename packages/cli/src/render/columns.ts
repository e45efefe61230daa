/**
 * Rows of text as columns: numbers to the right, all else to the left.
 */
import { displayWidth } from "effect/cli/CliOutput"

const pad = (cell: string, width: number): string => {
  const gap = " ".repeat(width - displayWidth(cell))
  return /^v?\d+$/.test(cell) ? gap + cell : cell + gap
}

export const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths: Array<number> = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell))
  }
  return rows
    .map((row) => {
      const last = row.length - 1
      return `${row.map((cell, i) => (i === last ? cell : pad(cell, widths[i] ?? 0))).join("  ")}\n`
    })
    .join("")
}
