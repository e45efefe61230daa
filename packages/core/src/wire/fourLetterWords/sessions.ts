/** The words about sessions, their ephemeral nodes and their watches: dump, wchs, wchc and wchp. */
import { hexOf, linesOf, listed } from "./lines.ts"

/** The paths that a session owns or watches. */
export interface SessionPaths {
  readonly sessionId: bigint
  readonly paths: ReadonlyArray<string>
}

/** The sessions that watch a path. */
export interface PathSessions {
  readonly path: string
  readonly sessionIds: ReadonlyArray<bigint>
}

export interface WatchCounts {
  readonly connections: number
  readonly paths: number
  readonly watches: number
}

export interface DumpedSession {
  readonly sessionId: bigint
  /** In ms; followers tell it. */
  readonly timeout?: number
  /** As Java prints a date; leaders and single servers tell it. */
  readonly expires?: string
}

export interface DumpedConnection {
  readonly address: string
  /** 0 for a connection without a session, such as the one that asked. */
  readonly sessionId: bigint
  readonly expires: string
}

export interface Dump {
  readonly sessions: ReadonlyArray<DumpedSession>
  readonly ephemerals: ReadonlyArray<SessionPaths>
  /** Those of the answering server; the other two come from all servers. */
  readonly connections: ReadonlyArray<DumpedConnection>
}

export const parseWatchCounts = (text: string): WatchCounts | undefined => {
  const match = /(\d+) connections watching (\d+) paths\s+Total watches:\s*(\d+)/.exec(text)
  return match === null
    ? undefined
    : { connections: Number(match[1]), paths: Number(match[2]), watches: Number(match[3]) }
}

interface Group {
  readonly heading: string
  readonly members: ReadonlyArray<string>
}

/** Lines that start at the margin, each with the indented ones below it. */
const groupsOf = (text: string): ReadonlyArray<Group> => {
  const groups: Array<{ heading: string; members: Array<string> }> = []
  for (const line of linesOf(text)) {
    if (line.startsWith("\t")) groups.at(-1)?.members.push(line.slice(1))
    else groups.push({ heading: line, members: [] })
  }
  return groups
}

const idsOf = (members: ReadonlyArray<string>): ReadonlyArray<bigint> =>
  members.map(hexOf).filter((id) => id !== undefined)

/** Groups under a session's id; dump puts a colon behind it, wchc does not. */
const sessionPaths = ({ heading, members }: Group): ReadonlyArray<SessionPaths> => {
  const sessionId = hexOf(heading.replace(/:$/, ""))
  return sessionId === undefined ? [] : [{ sessionId, paths: members }]
}

export const parseSessionPaths = (text: string): ReadonlyArray<SessionPaths> | undefined =>
  listed(text, groupsOf(text).flatMap(sessionPaths))

const pathSessions = ({ heading, members }: Group): ReadonlyArray<PathSessions> =>
  heading.startsWith("/") ? [{ path: heading, sessionIds: idsOf(members) }] : []

export const parsePathSessions = (text: string): ReadonlyArray<PathSessions> | undefined =>
  listed(text, groupsOf(text).flatMap(pathSessions))

/** `2 expire at Sat Nov 21 20:37:23 UTC 2026:` */
const expiryOf = (heading: string): string | undefined => /expire at (.+):$/.exec(heading)?.[1]

const dumpedSessions = ({ heading, members }: Group): ReadonlyArray<DumpedSession> => {
  const expires = expiryOf(heading)
  if (expires !== undefined) return idsOf(members).map((sessionId) => ({ sessionId, expires }))
  const [, id, timeout] = /^(0x[0-9a-f]+)\t(\d+)ms$/.exec(heading) ?? []
  const sessionId = hexOf(id)
  return sessionId === undefined ? [] : [{ sessionId, timeout: Number(timeout) }]
}

const dumpedConnections = ({ heading, members }: Group): ReadonlyArray<DumpedConnection> => {
  const expires = expiryOf(heading)
  return members.flatMap((member) => {
    const [, address, id] = /^ip: [^/]*\/(.+) sessionId: (0x[0-9a-f]+)$/.exec(member) ?? []
    const sessionId = hexOf(id)
    return address === undefined || sessionId === undefined || expires === undefined
      ? []
      : [{ address, sessionId, expires }]
  })
}

export const parseDump = (text: string): Dump | undefined => {
  const groups = groupsOf(text)
  const start = groups.findIndex(({ heading }) => heading === "ephemeral nodes dump:")
  if (start === -1) return undefined
  const connections = groups.findIndex(({ heading }) => heading === "Connections dump:")
  const end = connections === -1 ? groups.length : connections
  return {
    sessions: groups.slice(0, start).flatMap(dumpedSessions),
    ephemerals: groups.slice(start, end).flatMap(sessionPaths),
    connections: groups.slice(end).flatMap(dumpedConnections)
  }
}
