/** Runs a command line inside the test, without a process: its streams and its environment are values. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import type * as Command from "effect/cli/Command"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as PlatformError from "effect/PlatformError"
import * as Sink from "effect/Sink"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as TestConsole from "effect/testing/TestConsole"

export interface World {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: Uint8Array
  /** Content by name; the other files do not exist. */
  readonly files?: Readonly<Record<string, Uint8Array>>
}

const fileSystem = (files: Readonly<Record<string, Uint8Array>>) =>
  FileSystem.layerNoop({
    readFile: (path) => {
      const content = files[path]
      return content === undefined
        ? Effect.fail(
            PlatformError.systemError({
              _tag: "NotFound",
              module: "FileSystem",
              method: "readFile",
              pathOrDescriptor: path
            })
          )
        : Effect.succeed(content)
    }
  })

/** What `effect` leaves behind: its result, what it wrote to stdout as bytes, and its lines on stderr. */
export const observe = <A, E, R>(effect: Effect.Effect<A, E, R | Command.Environment>, world: World = {}) =>
  Effect.gen(function* () {
    const written: Array<Uint8Array> = []
    const stdio = Stdio.layerTest({
      stdin: Stream.make(world.stdin ?? new Uint8Array()),
      stdout: () => Sink.forEach((chunk) => Effect.sync(() => written.push(Buffer.from(chunk))))
    })
    const services = Layer.provideMerge(
      Layer.mergeAll(
        stdio,
        fileSystem(world.files ?? {}),
        ConfigProvider.layer(ConfigProvider.fromEnv({ env: world.env ?? {} }))
      ),
      NodeServices.layer
    )
    const result = yield* Effect.provide(effect, services)
    return {
      result,
      stdout: `${(yield* TestConsole.logLines).join("\n")}${Buffer.concat(written).toString("utf8")}`,
      stderr: yield* TestConsole.errorLines
    }
  })
