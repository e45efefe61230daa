/**
 * The ensemble's configuration as its servers write it: a line for each of them, and the version.
 */

export interface Configuration {
  /** The lines as they stand: `server.1=host:2888:3888:participant;0.0.0.0:2181`, and what groups and weights there are. */
  readonly members: ReadonlyArray<string>
  /** In hexadecimal, as it is written there. */
  readonly version: string | undefined
}

const VERSION = "version="

/** Takes the lines apart; empty ones, and those that begin with `#`, do not count. */
export const parse = (text: string): Configuration => {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
  return {
    members: lines.filter((line) => !line.startsWith(VERSION)),
    version: lines.find((line) => line.startsWith(VERSION))?.slice(VERSION.length)
  }
}
