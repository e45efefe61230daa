/**
 * The flags that every command has. Each can be given as `ZK_` and its name in the environment; the flag wins.
 */
import * as Config from "effect/Config"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Redacted from "effect/Redacted"
import { acl, connectString, duration, durationOrInfinity, oneOf, refine, yesOrNo } from "../input/refine.ts"

export const drivers = ["native", "node-zookeeper-client"] as const

export type Driver = (typeof drivers)[number]

/** A login as it was written down, not yet read from its file. */
export interface Credential {
  readonly text: Redacted.Redacted
  /** The command line can be seen by everyone on the machine, the environment only by the same user. */
  readonly fromCommandLine: boolean
}

const credential = (fromCommandLine: boolean) => (text: Redacted.Redacted) => ({ text, fromCommandLine })

const authFromEnvironment = Config.map(Config.Redacted("ZK_AUTH"), (all) =>
  Redacted.value(all)
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => credential(false)(Redacted.make(text)))
)

/** A flag with a text that may be missing. */
const optionalText = (name: string, metavar: string, description: string) => {
  const variable = `ZK_${name.toUpperCase()}`
  return Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(`${description} [${variable}]`),
    Flag.withFallbackConfig(Config.String(variable)),
    Flag.optional
  )
}

const switchFlag = (name: string, variable: string, description: string) =>
  Flag.Boolean(name).pipe(
    Flag.withoutNegation,
    Flag.withDescription(description),
    Flag.map(String),
    Flag.withFallbackConfig(Config.String(variable)),
    Flag.withDefault("false"),
    refine(yesOrNo(variable))
  )

const choice = <const Values extends ReadonlyArray<string>>(name: string, variable: string, values: Values) =>
  Flag.Literals(name, values).pipe(Flag.withFallbackConfig(Config.String(variable)), refine(oneOf(variable, values)))

/** The command `zk` without its subcommands, which read the flags by `yield* root`. */
export const root = Command.make("zk").pipe(
  Command.withSharedFlags({
    connect: Flag.String("connect").pipe(
      Flag.withAlias("c"),
      Flag.withMetavar("HOST:PORT,...[/CHROOT]"),
      Flag.withDescription("The ensemble [ZK_CONNECT; 127.0.0.1:2181]"),
      Flag.withFallbackConfig(Config.String("ZK_CONNECT")),
      Flag.withDefault("127.0.0.1:2181"),
      refine(connectString)
    ),
    auth: Flag.Redacted("auth").pipe(
      Flag.withMetavar("SCHEME:CREDENTIALS"),
      Flag.withDescription(
        "A login such as digest:user:password; @FILE reads one from a file; may be repeated [ZK_AUTH, one a line]"
      ),
      Flag.map(credential(true)),
      Flag.atLeast(1),
      Flag.withFallbackConfig(authFromEnvironment),
      Flag.withDefault<ReadonlyArray<Credential>>([])
    ),
    sasl: Flag.Redacted("sasl").pipe(
      Flag.withMetavar("USER:PASSWORD"),
      Flag.withDescription("A login by SASL DIGEST-MD5; @FILE reads it from a file [ZK_SASL]"),
      Flag.map(credential(true)),
      Flag.withFallbackConfig(Config.map(Config.Redacted("ZK_SASL"), credential(false))),
      Flag.optional
    ),
    tls: switchFlag("tls", "ZK_TLS", "Speak TLS [ZK_TLS]"),
    cacert: optionalText("cacert", "FILE", "Trust these authorities instead of Node's"),
    cert: optionalText("cert", "FILE", "The client's certificate, its x509 identity"),
    key: optionalText("key", "FILE", "The private key of --cert"),
    servername: optionalText("servername", "NAME", "The name to find in the server's certificate"),
    insecure: switchFlag("insecure", "ZK_INSECURE", "Accept any certificate [ZK_INSECURE]"),
    acl: Flag.String("acl").pipe(
      Flag.withMetavar("SCHEME:ID:PERMS,..."),
      Flag.withDescription("The ACL of nodes that are created [ZK_ACL; world:anyone:cdrwa]"),
      Flag.withFallbackConfig(Config.String("ZK_ACL")),
      refine(acl),
      Flag.optional
    ),
    readonly: switchFlag(
      "readonly",
      "ZK_READONLY",
      "Accept a server that has no quorum and serves reads only [ZK_READONLY]"
    ),
    timeout: Flag.String("timeout").pipe(
      Flag.withMetavar("DURATION"),
      Flag.withDescription("How long connecting may take, or infinity [ZK_TIMEOUT; 15s]"),
      Flag.withFallbackConfig(Config.String("ZK_TIMEOUT")),
      Flag.withDefault("15s"),
      refine(durationOrInfinity)
    ),
    sessionTimeout: Flag.String("session-timeout").pipe(
      Flag.withMetavar("DURATION"),
      Flag.withDescription("The session timeout to ask for [ZK_SESSION_TIMEOUT; 10s]"),
      Flag.withFallbackConfig(Config.String("ZK_SESSION_TIMEOUT")),
      Flag.withDefault("10s"),
      refine(duration)
    ),
    sessionFile: Flag.String("session-file").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("Keep the session in this file and resume it from there [ZK_SESSION_FILE]"),
      Flag.withFallbackConfig(Config.String("ZK_SESSION_FILE")),
      Flag.optional
    ),
    driver: choice("driver", "ZK_DRIVER", drivers).pipe(
      Flag.withDescription("The client underneath [ZK_DRIVER; native]"),
      Flag.withDefault<Driver>("native")
    ),
    output: choice("output", "ZK_OUTPUT", ["text", "json", "ndjson"]).pipe(
      Flag.withAlias("o"),
      Flag.withDescription("The format of the answer [ZK_OUTPUT; text]"),
      Flag.withDefault("text" as const)
    ),
    verbose: switchFlag("verbose", "ZK_VERBOSE", "Say on stderr what happens [ZK_VERBOSE]"),
    quiet: switchFlag("quiet", "ZK_QUIET", "No warnings on stderr, only errors [ZK_QUIET]"),
    color: choice("color", "ZK_COLOR", ["auto", "always", "never"]).pipe(
      Flag.withDescription("Colours in help and errors; auto honours NO_COLOR and FORCE_COLOR [ZK_COLOR; auto]"),
      Flag.withDefault("auto" as const)
    )
  })
)
