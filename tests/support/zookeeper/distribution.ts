/**
 * Java and ZooKeeper's jars, from the first place that has them.
 *
 * Without a line asked for: `ZOOKEEPER_HOME` (an unpacked Apache release), the system's packages, Debian's packages in the
 * cache. A line (`3.9`) comes from Maven.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import type { CommandFailed } from "./command.ts"
import { unpacked } from "./debian.ts"
import * as java from "./java.ts"
import * as maven from "./maven.ts"

/** There is no way to start a server on this machine; the message says what to install. */
export class NoZooKeeper extends Data.TaggedError("NoZooKeeper")<{ readonly message: string }> {}

export interface Distribution {
  readonly java: string
  readonly classpath: string
}

export interface Wanted {
  /** `3.9`. Default: `ZK_VERSION`, else whatever is installed. */
  readonly line?: string | undefined
  /** Whether netty is needed as well. */
  readonly tls?: boolean | undefined
}

const plain = ["zookeeper", "zookeeper-jute", "slf4j-api", "slf4j-simple", "metrics-core", "snappy-java"]
// The manifest of Debian's zookeeper.jar omits netty-codec and netty-resolver.
const netty = ["buffer", "codec", "common", "handler", "resolver", "transport", "transport-native-epoll"].map(
  (part) => `netty-${part}`
)

const ofDebian = (folder: string, names: ReadonlyArray<string>): string | undefined => {
  const files = names.map((name) => path.join(folder, "usr/share/java", `${name}.jar`))
  return files.every((file) => fs.existsSync(file)) ? files.join(path.delimiter) : undefined
}

const debians = Effect.fnUntraced(function* (tls: boolean) {
  const packages = ["libzookeeper-java", "libslf4j-java", "libdropwizard-metrics-java", "libsnappy-java"]
  const trees = [ofDebian(yield* unpacked("debian-zookeeper", packages), plain)]
  if (tls) trees.push(ofDebian(yield* unpacked("debian-netty", ["libnetty-java"]), netty))
  return trees.join(path.delimiter)
})

const classpath = (line: string | undefined, tls: boolean): Effect.Effect<string, CommandFailed> => {
  if (line !== undefined) return Effect.map(maven.jars(line), (folder) => path.join(folder, "*"))
  const home = process.env["ZOOKEEPER_HOME"]
  // The release's own conf folder tells its logger to write to stdout.
  if (home) return Effect.succeed([path.join(home, "lib/*"), path.join(home, "conf")].join(path.delimiter))
  const installed = ofDebian("/", tls ? [...plain, ...netty] : plain)
  return installed === undefined ? debians(tls) : Effect.succeed(installed)
}

const advice = (line: string | undefined): string =>
  line === undefined
    ? "Install Java and ZooKeeper's jars (Debian and Ubuntu: apt-get install default-jre-headless libzookeeper-java), or set " +
      "JAVA_HOME and ZOOKEEPER_HOME (an unpacked Apache ZooKeeper release)."
    : "Install Java and Maven (Debian and Ubuntu: apt-get install default-jre-headless maven), or do without ZK_VERSION and " +
      "ZK_VERSIONS."

/** What a server is started from. */
export const provide = (wanted: Wanted = {}): Effect.Effect<Distribution, NoZooKeeper> => {
  const line = wanted.line ?? (process.env["ZK_VERSION"] || undefined)
  return Effect.gen(function* () {
    return { java: yield* java.find, classpath: yield* classpath(line, wanted.tls ?? false) }
  }).pipe(
    Effect.mapError(
      (error) =>
        new NoZooKeeper({
          message: `These tests need a real ZooKeeper${line === undefined ? "" : ` ${line}`}, and this machine cannot start one. ${advice(line)}\n${error.message}`
        })
    )
  )
}
