/**
 * The whole command: its verbs, the built-in flags, and one ending for every failure.
 */
import * as CliConfig from "effect/cli/CliConfig"
import type * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import manifest from "../package.json" with { type: "json" }
import { acl } from "./commands/acl.ts"
import { config } from "./commands/config.ts"
import { count } from "./commands/count.ts"
import { create } from "./commands/create.ts"
import { dev } from "./commands/dev.ts"
import { elect } from "./commands/elect.ts"
import { ephemerals } from "./commands/ephemerals.ts"
import { exists } from "./commands/exists.ts"
import { exportNodes } from "./commands/export.ts"
import { fourLetterWord } from "./commands/fourLetterWord.ts"
import { get } from "./commands/get.ts"
import { group } from "./commands/group.ts"
import { importNodes } from "./commands/import.ts"
import { lock } from "./commands/lock.ts"
import { ls } from "./commands/ls.ts"
import { quota } from "./commands/quota.ts"
import { reconfig } from "./commands/reconfig.ts"
import { rm } from "./commands/rm.ts"
import { semaphore } from "./commands/semaphore.ts"
import * as Shell from "./commands/shell.ts"
import { set } from "./commands/set.ts"
import { stat } from "./commands/stat.ts"
import { sync } from "./commands/sync.ts"
import { tree } from "./commands/tree.ts"
import { txn } from "./commands/txn.ts"
import { watch } from "./commands/watch.ts"
import { whoami } from "./commands/whoami.ts"
import { root } from "./connection/flags.ts"
import { endingOf, ExitCode } from "./exit.ts"
import * as Color from "./render/color.ts"
import * as Presenter from "./render/presenter.ts"
import * as Stderr from "./render/stderr.ts"
import type { VerbFailed } from "./verb.ts"

const verbs = [
  { group: "Read", commands: [ls, tree, count, get, stat, exists, ephemerals, watch, exportNodes] },
  { group: "Write", commands: [create, set, rm, txn, importNodes, sync] },
  { group: "Coordinate", commands: [lock, elect, semaphore, group] },
  { group: "Access", commands: [acl, quota, whoami] },
  { group: "Server", commands: [fourLetterWord, config, reconfig, dev] }
] as const

const described = Command.withDescription(root, "A command line for Apache ZooKeeper")

/** Runs a command line to its exit code; whatever there is to say has been said. */
const ending = <E extends VerbFailed | CliError.CliError, R>(
  args: ReadonlyArray<string>,
  command: (args: ReadonlyArray<string>) => Effect.Effect<void, E, R>
) =>
  command(args).pipe(
    Effect.as<number>(ExitCode.ok),
    Effect.catch(
      Effect.fnUntraced(function* (failure) {
        const { code, message } = endingOf(failure)
        if (message !== undefined) yield* Stderr.error(message)
        return code
      })
    ),
    Effect.catchDefect((defect) =>
      Effect.as(
        Stderr.error(`this is a bug of zk: ${defect instanceof Error ? defect.stack : String(defect)}`),
        ExitCode.no
      )
    ),
    Effect.provide(
      Layer.mergeAll(
        // No wizard, and no log level beside --verbose and --quiet.
        CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
        Presenter.layer,
        Color.layer(args)
      )
    )
  )

/** A line of the shell: all but the shell itself. */
const line = Command.runWith(Command.withSubcommands(described, verbs), { version: manifest.version })

const shell = Shell.make(
  (args) => ending(args, line),
  verbs.flatMap(({ commands }) => commands.map(({ name }) => name))
)

export const app = Command.withSubcommands(described, [...verbs, { group: "Many commands", commands: [shell] }])

/** Runs a command line of the process. */
export const run = (args: ReadonlyArray<string>) => ending(args, Command.runWith(app, { version: manifest.version }))
