/**
 * Constructors of plain objects, for what answers bring.
 *
 * V8 makes the objects of a literal in its old space at once, when nearly all that it made before outlived a collection.
 * With 10,000 requests outstanding they do: a fiber of a generator keeps its last value until the next one. In the old
 * space they die unseen, and keep what they hold. Of constructors V8 takes no such note: 60 to 300 bytes of each answer
 * got there instead of 330 to 400 (measured; what is left are Effect's own literals).
 */
import type { JuteReader } from "./JuteReader.ts"

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

/** A constructor whose objects are plain ones; `fill` gets them as its `this`. */
export const plain = <A>(fill: (this: Mutable<A>, reader: JuteReader) => void): new (reader: JuteReader) => A => {
  fill.prototype = Object.prototype
  return fill as unknown as new (reader: JuteReader) => A
}
