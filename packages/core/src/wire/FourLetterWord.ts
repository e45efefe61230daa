/**
 * The four-letter words: what a server tells about itself in plain text, as records.
 *
 * A word is the first four bytes of a connection; the server answers with text and closes. Which words it answers is
 * its own setting (4lw.commands.whitelist, by default only srvr).
 */
import { type Dirs, parseDirs, parseMetrics, parseProperties } from "./fourLetterWords/properties.ts"
import {
  type ClientConnection,
  parseConnections,
  parseServer,
  parseServerWithClients,
  type ServerStats,
  type ServerStatsWithClients
} from "./fourLetterWords/server.ts"
import {
  type Dump,
  parseDump,
  parsePathSessions,
  parseSessionPaths,
  parseWatchCounts,
  type PathSessions,
  type SessionPaths,
  type WatchCounts
} from "./fourLetterWords/sessions.ts"

/**
 * What the server says to each word.
 *
 * @category models
 * @since 0.1.0
 */
export interface Values {
  /** The configuration in use, by key; in an ensemble also its members, by `server.N`. */
  readonly conf: Readonly<Record<string, string>>
  /** The connections of this server with their counters. */
  readonly cons: ReadonlyArray<ClientConnection>
  /** That the counters of all connections were set to 0. */
  readonly crst: string
  readonly dump: Dump
  /** Versions and the environment of the server's process, by key. */
  readonly envi: Readonly<Record<string, string>>
  /** That the process listens, which says nothing about whether it serves (measured on 3.8.0). */
  readonly ruok: "imok"
  readonly stat: ServerStatsWithClients
  readonly srvr: ServerStats
  /** That the server's counters were set to 0. */
  readonly srst: string
  readonly wchs: WatchCounts
  readonly wchc: ReadonlyArray<SessionPaths>
  readonly wchp: ReadonlyArray<PathSessions>
  /** Every metric, by key. */
  readonly mntr: Readonly<Record<string, number | string>>
  /** Read-write, read-only, or not serving at all. */
  readonly isro: "rw" | "ro" | "null"
  readonly dirs: Dirs
}

/**
 * A four-letter word.
 *
 * @category models
 * @since 0.1.0
 */
export type Word = keyof Values

/**
 * The answer to a word. A word that the server does not allow is an answer too.
 *
 * @category models
 * @since 0.1.0
 */
export type Answer<W extends Word> =
  | { readonly _tag: "Answered"; readonly value: Values[W] }
  /** The server's setting does not allow this word. */
  | { readonly _tag: "NotWhitelisted" }
  /** The server is not part of a quorum, or still starting. */
  | { readonly _tag: "NotServing" }
  /** Something else, such as nothing at all from a server that does not know the word. */
  | { readonly _tag: "NotUnderstood"; readonly text: string }

const oneOf =
  <const Known extends string>(...known: ReadonlyArray<Known>) =>
  (text: string): Known | undefined =>
    known.find((word) => word === text.trim())

const parsers: { readonly [W in Word]: (text: string) => Values[W] | undefined } = {
  conf: parseProperties,
  cons: parseConnections,
  crst: oneOf("Connection stats reset."),
  dump: parseDump,
  envi: parseProperties,
  ruok: oneOf("imok"),
  stat: parseServerWithClients,
  srvr: parseServer,
  srst: oneOf("Server stats reset."),
  wchs: parseWatchCounts,
  wchc: parseSessionPaths,
  wchp: parsePathSessions,
  mntr: parseMetrics,
  isro: oneOf("rw", "ro", "null"),
  dirs: parseDirs
}

/**
 * All four-letter words that are known here.
 *
 * @category constants
 * @since 0.1.0
 */
export const words: ReadonlyArray<Word> = Object.keys(parsers) as Array<Word>

/**
 * True for one of {@link words}.
 *
 * @category guards
 * @since 0.1.0
 */
export const isWord = (text: string): text is Word => Object.hasOwn(parsers, text)

/** Why something cannot be sent as a word, undefined when it can: a server may answer others than those that are known here. */
export const problem = (word: string): string | undefined =>
  /^[a-z]{4}$/.test(word) ? undefined : `'${word}' is not a four-letter word`

/**
 * Reads what a server answered to `word`. Lines that are not known are passed over.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = <W extends Word>(word: W, text: string): Answer<W> => {
  if (text.includes("is not executed because it is not in the whitelist.")) return { _tag: "NotWhitelisted" }
  if (text.startsWith("This ZooKeeper instance is not currently serving requests")) return { _tag: "NotServing" }
  const value = parsers[word](text)
  return value === undefined ? { _tag: "NotUnderstood", text } : { _tag: "Answered", value }
}
