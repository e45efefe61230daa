/** Which of the flags of every command stand on a command line: a line of the shell has some of the shell's own. */
import * as Record from "effect/Record"
import { parseArgs } from "node:util"

const text = { type: "string", multiple: true } as const
const yesNo = { type: "boolean", multiple: true } as const

/** What a session is opened with. */
const ofSession = {
  connect: { ...text, short: "c" },
  auth: text,
  sasl: text,
  tls: yesNo,
  cacert: text,
  cert: text,
  key: text,
  servername: text,
  insecure: yesNo,
  acl: text,
  readonly: yesNo,
  timeout: text,
  "session-timeout": text,
  "session-file": text,
  driver: text
} as const

/** What a command prints, and how. */
const ofOutput = { output: { ...text, short: "o" }, verbose: yesNo, quiet: yesNo, color: text } as const

type Given = Readonly<Record<string, ReadonlyArray<string | boolean> | undefined>>

/** The values of those that are there, by their names; `-o=json`, which Node does not know, is `-o json`. */
const given = (args: ReadonlyArray<string>): Given =>
  parseArgs({
    args: args.map((arg) => arg.replace(/^(-\w)=/, "$1")),
    options: { ...ofSession, ...ofOutput },
    strict: false,
    allowPositionals: true
  }).values as Given

const known = (name: string): boolean => name in ofSession || name in ofOutput

/** Those of the shell as variables of the environment, which are what a line has that says nothing else. */
export const asEnvironment = (args: ReadonlyArray<string>): Readonly<Record<string, string>> =>
  Record.fromEntries(
    Object.entries(given(args))
      .filter(([name]) => known(name))
      .map(([name, values]) => [`ZK_${name.toUpperCase().replaceAll("-", "_")}`, (values ?? []).join("\n")] as const)
  )

/** One that a line cannot have, because the session is open; the ACL of a single node is no matter of it. */
export const tooLate = (line: ReadonlyArray<string>): string | undefined => {
  const found = Object.keys(given(line)).find((name) => name in ofSession && !(name === "acl" && line[0] === "create"))
  return found === undefined ? undefined : `--${found}`
}
