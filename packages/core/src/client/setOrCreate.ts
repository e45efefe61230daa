/** Leaving a node with some data, whether it was there before or not. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as CreateMode from "../model/CreateMode.ts"
import type { Stat } from "../model/Stat.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import { invalid, type View } from "./Attempt.ts"
import { create, create2 } from "./create.ts"
import type { Data } from "./Data.ts"
import { exists, set } from "./nodes.ts"
import type { SetOptions } from "./service/Nodes.ts"
import { withParents } from "./withParents.ts"

type Creation = Exclude<SetOptions["orCreate"], boolean | undefined>

const problem = ({ mode = "persistent" }: Creation, version: number | undefined): string | undefined => {
  if (version !== undefined) {
    return `the version ${version} and orCreate exclude each other, since a new node has none; leave one of them out`
  }
  return CreateMode.isSequential(mode)
    ? `a node of the mode '${mode}' has a new name each time, so there is none to be set; use create`
    : undefined
}

/** Somebody who creates and deletes the node all the time would have to meet each of so many tries. */
const TRIES = 10

/** A driver without create2 looks afterwards; none if somebody has deleted the node by then. */
const made = (
  view: View,
  path: string,
  data: Data,
  creation: Creation
): Effect.Effect<Option.Option<Stat>, ZooKeeperError> =>
  view.session.unsupported("create2") === undefined
    ? Effect.map(create2(view, path, data, creation), ({ stat }) => Option.some(stat))
    : Effect.andThen(create(view, path, data, creation), exists(view, path))

/** Sets, or else creates, or else sets again: the node may come and go in between (CURATOR-719). */
export const setOrCreate = (
  view: View,
  path: string,
  data: Data,
  { orCreate, version }: SetOptions
): Effect.Effect<Stat, ZooKeeperError> => {
  const creation = typeof orCreate === "object" ? orCreate : {}
  const bad = problem(creation, version)
  if (bad !== undefined) return invalid(view, "set", path, bad)
  const created: Effect.Effect<Stat, ZooKeeperError> = Effect.suspend(() =>
    Effect.flatMap(
      withParents(view, path, creation, made(view, path, data, creation)),
      Option.match({ onNone: () => created, onSome: Effect.succeed })
    )
  )
  const attempt = Effect.catchReason(set(view, path, data), "ZooKeeperError", "NoNode", () => created)
  return Effect.retry(attempt, { times: TRIES, while: ({ reason }) => reason._tag === "NodeExists" })
}
