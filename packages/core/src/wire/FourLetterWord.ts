/** Stub. */
export type Word = "ruok"
export interface Answer<W extends Word> {
  readonly word: W
}
