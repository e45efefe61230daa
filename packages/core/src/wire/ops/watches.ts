/**
 * Registering and removing watches: setWatches (101), setWatches2 (105), addWatch (106), removeWatches (18) and
 * checkWatches (17).
 */
import { int, strings } from "../fields.ts"
import { type Codec, nothing, type Operation, read } from "../Operation.ts"

export interface SetWatches {
  /** The newest transaction that this client has seen: what changed later fires at once. */
  readonly relativeZxid: bigint
  readonly dataWatches: ReadonlyArray<string>
  readonly existWatches: ReadonlyArray<string>
  readonly childWatches: ReadonlyArray<string>
}

export interface SetWatches2 extends SetWatches {
  readonly persistentWatches: ReadonlyArray<string>
  readonly persistentRecursiveWatches: ReadonlyArray<string>
}

/** The modes of addWatch (org.apache.zookeeper.AddWatchMode). */
export const AddWatchMode = { PERSISTENT: 0, PERSISTENT_RECURSIVE: 1 } as const

export interface AddWatchRequest {
  readonly path: string
  /** {@link AddWatchMode}; anything else is a MarshallingError. */
  readonly mode: number
}

/** Which watches of a path are meant (Watcher.WatcherType). The last two are a MarshallingError before 3.9. */
export const WatcherType = { CHILDREN: 1, DATA: 2, ANY: 3, PERSISTENT: 4, PERSISTENT_RECURSIVE: 5 } as const

export interface CheckWatchesRequest {
  readonly path: string
  /** {@link WatcherType}. */
  readonly type: number
}

export type RemoveWatchesRequest = CheckWatchesRequest

const setWatchesRequest: Codec<SetWatches> = {
  encode: (writer, value) => {
    writer.long(value.relativeZxid)
    strings.encode(writer, value.dataWatches)
    strings.encode(writer, value.existWatches)
    strings.encode(writer, value.childWatches)
  },
  decode: (reader) => ({
    relativeZxid: reader.long(),
    dataWatches: strings.decode(reader),
    existWatches: strings.decode(reader),
    childWatches: strings.decode(reader)
  })
}

const setWatches2Request: Codec<SetWatches2> = {
  encode: (writer, value) => {
    setWatchesRequest.encode(writer, value)
    strings.encode(writer, value.persistentWatches)
    strings.encode(writer, value.persistentRecursiveWatches)
  },
  decode: (reader) => ({
    ...setWatchesRequest.decode(reader),
    persistentWatches: strings.decode(reader),
    persistentRecursiveWatches: strings.decode(reader)
  })
}

const addWatchRequest: Codec<AddWatchRequest> = {
  encode: (writer, { mode, path }) => {
    writer.string(path)
    writer.int(mode)
  },
  decode: (reader) => ({ path: reader.string(), mode: reader.int() })
}

const watchesRequest: Codec<CheckWatchesRequest> = {
  encode: (writer, { path, type }) => {
    writer.string(path)
    writer.int(type)
  },
  decode: (reader) => ({ path: reader.string(), type: reader.int() })
}

// Watches belong to one connection of one server: no leader hears of them, and registering twice is registering once.
export const setWatches = read("setWatches", 101, setWatchesRequest, nothing)
export const setWatches2 = read("setWatches2", 105, setWatches2Request, nothing)
export const checkWatches = read("checkWatches", 17, watchesRequest, nothing)

/** Answered with an error code of its own (ErrorResponse), 0 as far as known. */
export const addWatch = read("addWatch", 106, addWatchRequest, int)

/** A second removal is answered NoWatcher, so it is not repeatable. */
export const removeWatches: Operation<RemoveWatchesRequest, void> = {
  name: "removeWatches",
  code: 18,
  request: watchesRequest,
  response: nothing,
  repeatable: false,
  confirms: false
}
