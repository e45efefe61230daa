/** The form of a URI: as one text with variables in braces, and in the parts in which Curator writes it down. */

export interface Part {
  readonly value: string
  readonly variable: boolean
}

export const variablesIn = /\{([^{}]+)\}/g

/** Why a text is no such form; undefined when it is one. */
export const problem = (spec: string): string | undefined =>
  /[{}]/.test(spec.replaceAll(variablesIn, ""))
    ? `the uriSpec '${spec}' has braces that do not hold a variable; write them as {[} and {]}`
    : undefined

export const toParts = (spec: string): ReadonlyArray<Part> =>
  [...spec.matchAll(/\{([^{}]+)\}|[^{}]+/g)].map(([text, variable]) =>
    variable === undefined ? { value: text, variable: false } : { value: variable.trim(), variable: true }
  )

export const fromParts = (parts: ReadonlyArray<Part>): string =>
  parts
    .map(({ value, variable }) =>
      variable ? `{${value}}` : value.replaceAll(/[{}]/g, (brace) => (brace === "{" ? "{[}" : "{]}"))
    )
    .join("")
