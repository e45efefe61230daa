/**
 * PEM files for tests of TLS, good for a hundred years: an authority, and a server (localhost, 127.0.0.1) and a client
 * (CN=client) that it vouches for. Made with openssl; the authority's key was thrown away.
 */
import * as fs from "node:fs"
import * as path from "node:path"

const read = (name: string): string => fs.readFileSync(path.join(import.meta.dirname, `${name}.pem`), "utf8")

export const authority = read("ca.cert")
export const server = { cert: read("server.cert"), key: read("server.key") }
export const client = { cert: read("client.cert"), key: read("client.key") }
