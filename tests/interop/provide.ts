/** Where kazoo and Curator come from: the package registries, else Debian; kept in the cache. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cache from "../support/zookeeper/cache.ts"
import { type CommandFailed, run } from "../support/zookeeper/command.ts"
import { unpacked } from "../support/zookeeper/debian.ts"
import * as java from "../support/zookeeper/java.ts"

const KAZOO = "2.11.0"
const CURATOR = "5.7.1"

/** This machine has no such library; the message says what to install. */
export class NoPeer extends Data.TaggedError("NoPeer")<{ readonly message: string }> {}

/** How to start a peer; the connect string follows. */
export interface Peer {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
}

const missing = (what: string, advice: string, first: CommandFailed, second: CommandFailed): NoPeer =>
  new NoPeer({
    message: `These tests need ${what}, and this machine has no way to it. ${advice}\n${first.message}\n${second.message}`
  })

/** The first way that works, or what both say. */
const either = <A>(
  first: Effect.Effect<A, CommandFailed>,
  second: Effect.Effect<A, CommandFailed>,
  what: string,
  advice: string
): Effect.Effect<A, NoPeer> =>
  Effect.catch(first, (one) => Effect.mapError(second, (other) => missing(what, advice, one, other)))

const script = path.join(import.meta.dirname, "peer.py")

const virtualEnvironment: Effect.Effect<Peer, CommandFailed> = cache
  .folder(
    `kazoo-${KAZOO}`,
    Effect.fnUntraced(function* (folder: string) {
      yield* run("python3", ["-m", "venv", folder])
      yield* run(path.join(folder, "bin/python"), ["-m", "pip", "install", "-q", `kazoo==${KAZOO}`])
    })
  )
  .pipe(Effect.map((folder) => ({ command: path.join(folder, "bin/python"), args: [script], env: {} })))

const debiansKazoo: Effect.Effect<Peer, CommandFailed> = unpacked("debian-kazoo", [
  "python3-kazoo",
  "python3-six"
]).pipe(
  Effect.map((folder) => ({
    command: "python3",
    args: [script],
    env: { PYTHONPATH: path.join(folder, "usr/lib/python3/dist-packages") }
  })),
  Effect.tap(({ args, env }) =>
    run("env", [`PYTHONPATH=${env.PYTHONPATH}`, "python3", "-c", "import kazoo.client", ...args])
  )
)

/** kazoo, driven by peer.py. */
export const kazoo: Effect.Effect<Peer, NoPeer> = either(
  virtualEnvironment,
  debiansKazoo,
  "kazoo",
  "Install Python 3 with venv and pip (Debian and Ubuntu: apt-get install python3-venv), or let apt-get reach a mirror."
)

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>jars</artifactId><version>1</version>
<packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.curator</groupId><artifactId>curator-x-discovery</artifactId><version>${CURATOR}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies>
</project>
`

const mavens = cache.folder(`curator-discovery-${CURATOR}`, (folder) =>
  Effect.suspend(() => {
    const file = path.join(folder, "pom.xml")
    fs.writeFileSync(file, pom)
    const excluded = "-DexcludeArtifactIds=netty-tcnative-boringssl-static,logback-core"
    return run("mvn", [
      "-q",
      "-B",
      "-f",
      file,
      "dependency:copy-dependencies",
      "-DincludeScope=runtime",
      excluded,
      `-DoutputDirectory=${folder}`
    ])
  })
)

const debians = unpacked("debian-curator-discovery", [
  "libcurator-recipes-java",
  "libcurator-discovery-java",
  "libcurator-framework-java",
  "libcurator-client-java",
  "libguava-java",
  "libzookeeper-java",
  "libslf4j-java",
  "libnetty-java",
  "libjackson2-annotations-java",
  "libjackson2-core-java",
  "libjackson2-databind-java"
]).pipe(Effect.map((folder) => path.join(folder, "usr/share/java")))

/** Curator, driven by Peer.java, which is compiled once for each state of it. */
export const curator: Effect.Effect<Peer, NoPeer> = Effect.gen(function* () {
  const jars = yield* either(
    mavens,
    debians,
    "Curator",
    "Install a JDK and Maven (Debian and Ubuntu: apt-get install default-jdk-headless maven), or let apt-get reach a mirror."
  )
  const source = path.join(import.meta.dirname, "Peer.java")
  const stamp = Math.round(fs.statSync(source).mtimeMs)
  const compiled = cache.folder(`curator-peer-${stamp}`, (folder) =>
    run("javac", ["-nowarn", "-cp", path.join(jars, "*"), "-d", folder, source])
  )
  const prepared = Effect.all([compiled, java.find])
  const [classes, command] = yield* Effect.mapError(
    prepared,
    (error) => new NoPeer({ message: `These tests compile a peer for Curator, which needs a JDK.\n${error.message}` })
  )
  const classpath = [classes, path.join(jars, "*")].join(path.delimiter)
  return { command, args: ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", classpath, "Peer"], env: {} }
})
