/** A small generator of numbers, so that whatever was random can be told by its seed (mulberry32). */

/** Gives whole numbers from 0, each below what is asked for; the same ones for the same seed. */
export type Random = (below: number) => number

export const randomOf = (seed: number): Random => {
  let state = seed | 0
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}
