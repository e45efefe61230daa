/** The shapes that lines of these texts have. */
import * as Ids from "../../model/Ids.ts"

/** The lines that say something, without the white space at their ends. */
export const linesOf = (text: string): ReadonlyArray<string> =>
  text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")

/**
 * What was found in a text that lists things. An empty list still ends with a line end, so no text at all, or one of which
 * nothing is understood, is no list.
 */
export const listed = <A>(text: string, found: ReadonlyArray<A>): ReadonlyArray<A> | undefined =>
  found.length > 0 || (text !== "" && linesOf(text).length === 0) ? found : undefined

/** A number as Java prints it: `12`, `0.1667`, `1.0E-4`; undefined for anything else. */
export const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^-?\d+(\.\d+)?(E-?\d+)?$/.test(text) ? Number(text) : undefined

/** A number as Java prints it in hexadecimal, with `0x`. */
export const hexOf = (text: string | undefined): bigint | undefined => (text === undefined ? text : Ids.fromHex(text))
