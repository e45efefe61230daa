/**
 * The newest patch of a line of ZooKeeper (`3.9`), as the jars of the Maven artifact in the cache.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cache from "./cache.ts"
import { type CommandFailed, run } from "./command.ts"

// The artifact names no logger, and takes metrics-core and snappy-java for given.
const dependencies = (range: string): string =>
  [
    ["org.apache.zookeeper", "zookeeper", range],
    ["org.slf4j", "slf4j-api", "1.7.36"],
    ["org.slf4j", "slf4j-simple", "1.7.36"],
    ["io.dropwizard.metrics", "metrics-core", "4.1.12.1"],
    ["org.xerial.snappy", "snappy-java", "1.1.10.5"]
  ]
    .map(
      ([group, artifact, version]) =>
        `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
    )
    .join("\n")

const pom = (range: string): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>jars</artifactId><version>1</version>
<packaging>pom</packaging>
<dependencies>
${dependencies(range)}
</dependencies>
</project>
`

/** Fills `folder`. A mirror may list a patch whose files it lacks: then the one before it is taken. */
const copyJars = (folder: string, line: string, below: string): Effect.Effect<void, CommandFailed> =>
  Effect.suspend(() => {
    const file = path.join(folder, "pom.xml")
    // A pre-release of the line's first version is below its .0 and so outside.
    fs.writeFileSync(file, pom(`[${line}.0,${below})`))
    return run("mvn", [
      "-q",
      "-B",
      "-Dstyle.color=never",
      "-f",
      file,
      "dependency:copy-dependencies",
      "-DincludeScope=runtime",
      "-DexcludeArtifactIds=netty-tcnative-boringssl-static",
      `-DoutputDirectory=${folder}`
    ])
  }).pipe(
    Effect.asVoid,
    Effect.catch((error) => {
      const broken = new RegExp(`zookeeper:jar:(${line}\\.[1-9]\\d*)`).exec(error.printed)?.[1]
      return broken === undefined || broken === below ? Effect.fail(error) : copyJars(folder, line, broken)
    })
  )

/** The folder with the jars. */
export const jars = (line: string): Effect.Effect<string, CommandFailed> =>
  cache.folder(`zookeeper-${line}`, (folder) => copyJars(folder, line, `${line}.999`))
