/**
 * A line of text as words, quoted as in a shell: `'…'` is literal, in `"…"` and outside a backslash takes the next
 * character as it is.
 */
import * as Result from "effect/Result"

export const split = (text: string): Result.Result<ReadonlyArray<string>, string> => {
  const words: Array<string> = []
  let word: string | undefined
  let quote: string | undefined
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!
    if (character === "\\" && quote !== "'") {
      index++
      if (index === text.length) return Result.fail("it ends with a backslash")
      word = (word ?? "") + text[index]
    } else if (character === quote) quote = undefined
    else if (quote !== undefined) word = (word ?? "") + character
    else if (character === "'" || character === '"') {
      quote = character
      word ??= ""
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? "") + character
  }
  if (quote !== undefined) return Result.fail(`a ${quote} is not closed`)
  if (word !== undefined) words.push(word)
  return Result.succeed(words)
}
