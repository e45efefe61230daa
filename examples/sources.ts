/** Runs an example on the packages' sources, so that nothing has to be built first: `node --import ./examples/sources.ts`. */
import { registerHooks } from "node:module"
import { pathToFileURL } from "node:url"
import { publicNames } from "../tests/support/publicNames.ts"

const sources = publicNames.map(({ name, source }) => ({
  pattern: new RegExp(`^${name.replace("*", "(.+)")}$`),
  source
}))

const sourceOf = (specifier: string): string | undefined => {
  for (const { pattern, source } of sources) {
    const match = pattern.exec(specifier)
    if (match !== null) return pathToFileURL(source.replace("*", match[1] ?? "")).href
  }
  return undefined
}

registerHooks({ resolve: (specifier, context, next) => next(sourceOf(specifier) ?? specifier, context) })
