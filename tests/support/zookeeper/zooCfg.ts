/** The configuration of a server under test, as protocol facts and small machines want it. */
import * as fs from "node:fs"
import * as path from "node:path"

export type Settings = Readonly<Record<string, string | number | boolean>>

export interface TlsSettings {
  /** PEM: the server's certificate and its PKCS#8 key in one text. */
  readonly keyStore: string
  /** PEM: the authorities whose clients are trusted. */
  readonly trustStore: string
  /** Default `need`, ZooKeeper's own. */
  readonly clientAuth?: "none" | "want" | "need"
}

/** What single servers and the members of an ensemble can be told. */
export interface ServerOptions {
  /** A line of ZooKeeper, `3.9`. Default: `ZK_VERSION`, else whatever is installed. */
  readonly line?: string
  /** In ms. Default 500, in ensembles 200. */
  readonly tickTime?: number
  /** More lines for zoo.cfg, or other values for those that stand there by default. */
  readonly config?: Settings
  /** Java system properties (`-D`). */
  readonly properties?: Settings
  /** Serve reads without a quorum. Default false. */
  readonly readOnlyMode?: boolean
  /** A JAAS file for SASL, as text. */
  readonly jaas?: string
}

const DIGEST_OF_SUPER_SECRET = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="

/** What every server has. `super:secret` is the super user. */
export const base = (options: ServerOptions, tickTime: number): Settings => ({
  tickTime,
  minSessionTimeout: Math.min(1000, 2 * tickTime),
  maxSessionTimeout: 60_000,
  maxClientCnxns: 0,
  "admin.enableServer": false,
  "4lw.commands.whitelist": "*",
  extendedTypesEnabled: true,
  forceSync: "no",
  "DigestAuthenticationProvider.superDigest": DIGEST_OF_SUPER_SECRET,
  ...(options.jaas === undefined
    ? {}
    : { "authProvider.1": "org.apache.zookeeper.server.auth.SASLAuthenticationProvider" }),
  ...options.config
})

/** Writes the PEM files and says where they are. */
export const tls = (settings: TlsSettings, port: number, folder: string): Settings => {
  const file = (name: string, text: string) => {
    const target = path.join(folder, name)
    fs.writeFileSync(target, text)
    return target
  }
  return {
    serverCnxnFactory: "org.apache.zookeeper.server.NettyServerCnxnFactory",
    secureClientPort: port,
    secureClientPortAddress: "127.0.0.1",
    "ssl.keyStore.location": file("keystore.pem", settings.keyStore),
    "ssl.keyStore.type": "PEM",
    "ssl.trustStore.location": file("truststore.pem", settings.trustStore),
    "ssl.trustStore.type": "PEM",
    "ssl.clientAuth": settings.clientAuth ?? "need"
  }
}

/** The `-D` options; writes the JAAS file. */
export const properties = (options: ServerOptions, folder: string): ReadonlyArray<string> => {
  const all: Record<string, string | number | boolean> = { ...options.properties }
  if (options.readOnlyMode === true) all["readonlymode.enabled"] = true
  if (options.jaas !== undefined) {
    const file = path.join(folder, "jaas.conf")
    fs.writeFileSync(file, options.jaas)
    all["java.security.auth.login.config"] = file
  }
  return Object.entries(all).map(([key, value]) => `-D${key}=${value}`)
}

export const text = (settings: Settings): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("")
