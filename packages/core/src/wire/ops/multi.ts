/**
 * Several operations in one: multi (14), all or nothing, and multiRead (22), each for itself. Both are lists of items,
 * every one behind a MultiHeader, with one more MultiHeader to end the list.
 */
import type { Stat } from "../../model/Stat.ts"
import { string, strings } from "../fields.ts"
import { JuteError } from "../JuteError.ts"
import type { JuteReader } from "../JuteReader.ts"
import type { JuteWriter } from "../JuteWriter.ts"
import { type Codec, read, write } from "../Operation.ts"
import { stat } from "../stat.ts"
import { CHECK, type CheckVersionRequest, checkVersionRequest } from "./check.ts"
import { getChildren, type GetChildrenRequest, getChildrenRequest } from "./children.ts"
import {
  create,
  create2,
  create2Response,
  type Create2Response,
  createContainer,
  type CreateRequest,
  createRequest,
  createTTL,
  type CreateTTLRequest,
  createTTLRequest
} from "./create.ts"
import {
  getData,
  type GetDataRequest,
  getDataRequest,
  type GetDataResponse,
  getDataResponse,
  setData,
  type SetDataRequest,
  setDataRequest
} from "./data.ts"
import { deleteNode, type DeleteRequest, deleteRequest } from "./delete.ts"

export type MultiOp =
  | ({ readonly _tag: "create" | "create2" | "createContainer" } & CreateRequest)
  | ({ readonly _tag: "createTTL" } & CreateTTLRequest)
  | ({ readonly _tag: "delete" } & DeleteRequest)
  | ({ readonly _tag: "setData" } & SetDataRequest)
  | ({ readonly _tag: "check" } & CheckVersionRequest)

/** Watch flags are ignored by the server. */
export type MultiReadOp =
  | ({ readonly _tag: "getData" } & GetDataRequest)
  | ({ readonly _tag: "getChildren" } & GetChildrenRequest)

/**
 * An item that was not done. In a failed multi every result is one: 0 before the culprit, its error code at it,
 * RuntimeInconsistency (−2) after it.
 */
export interface ErrorResult {
  readonly _tag: "error"
  readonly err: number
}

/**
 * What one item of a multi brought, by the type that the server put on the result: create2 comes back as `create`,
 * without a Stat, from servers up to 3.7.1 and from 3.8.0 and 3.8.1; createContainer and createTTL come back as `create2`.
 */
export type MultiResult =
  | { readonly _tag: "create"; readonly path: string }
  | ({ readonly _tag: "create2" } & Create2Response)
  | { readonly _tag: "delete" }
  | { readonly _tag: "setData"; readonly stat: Stat }
  | { readonly _tag: "check" }
  | ErrorResult

export type MultiReadResult =
  | ({ readonly _tag: "getData" } & GetDataResponse)
  | { readonly _tag: "getChildren"; readonly children: ReadonlyArray<string> }
  | ErrorResult

const ERROR = -1
const UNSET = -1

const multiHeader = (writer: JuteWriter, type: number, done: boolean, err: number): void => {
  writer.int(type)
  writer.boolean(done)
  writer.int(err)
}

const requested = <A>(writer: JuteWriter, type: number, body: Codec<A>, value: A): void => {
  multiHeader(writer, type, false, UNSET)
  body.encode(writer, value)
}

const succeeded = <A>(writer: JuteWriter, type: number, body: Codec<A>, value: A): void => {
  multiHeader(writer, type, false, 0)
  body.encode(writer, value)
}

const failed = (writer: JuteWriter, { err }: ErrorResult): void => {
  multiHeader(writer, ERROR, false, err)
  writer.int(err)
}

const list = <A>(
  encode: (writer: JuteWriter, item: A) => void,
  decode: (reader: JuteReader, type: number) => A
): Codec<ReadonlyArray<A>> => ({
  encode: (writer, items) => {
    for (const item of items) encode(writer, item)
    multiHeader(writer, UNSET, true, UNSET)
  },
  decode: (reader) => {
    const items: Array<A> = []
    while (true) {
      const type = reader.int()
      const done = reader.boolean()
      reader.int()
      if (done) return items
      items.push(decode(reader, type))
    }
  }
})

const unknown = (type: number): JuteError => new JuteError(`an item of unknown type ${type} in a multi`)

const multiRequest = list<MultiOp>(
  (writer, op) => {
    switch (op._tag) {
      case "create":
        return requested(writer, create.code, createRequest, op)
      case "create2":
        return requested(writer, create2.code, createRequest, op)
      case "createContainer":
        return requested(writer, createContainer.code, createRequest, op)
      case "createTTL":
        return requested(writer, createTTL.code, createTTLRequest, op)
      case "delete":
        return requested(writer, deleteNode.code, deleteRequest, op)
      case "setData":
        return requested(writer, setData.code, setDataRequest, op)
      case "check":
        return requested(writer, CHECK, checkVersionRequest, op)
    }
  },
  (reader, type) => {
    switch (type) {
      case create.code:
        return { _tag: "create", ...createRequest.decode(reader) }
      case create2.code:
        return { _tag: "create2", ...createRequest.decode(reader) }
      case createContainer.code:
        return { _tag: "createContainer", ...createRequest.decode(reader) }
      case createTTL.code:
        return { _tag: "createTTL", ...createTTLRequest.decode(reader) }
      case deleteNode.code:
        return { _tag: "delete", ...deleteRequest.decode(reader) }
      case setData.code:
        return { _tag: "setData", ...setDataRequest.decode(reader) }
      case CHECK:
        return { _tag: "check", ...checkVersionRequest.decode(reader) }
    }
    throw unknown(type)
  }
)

const multiResponse = list<MultiResult>(
  (writer, result) => {
    switch (result._tag) {
      case "create":
        return succeeded(writer, create.code, string, result.path)
      case "create2":
        return succeeded(writer, create2.code, create2Response, result)
      case "delete":
        return multiHeader(writer, deleteNode.code, false, 0)
      case "setData":
        return succeeded(writer, setData.code, stat, result.stat)
      case "check":
        return multiHeader(writer, CHECK, false, 0)
      case "error":
        return failed(writer, result)
    }
  },
  (reader, type) => {
    switch (type) {
      case create.code:
        return { _tag: "create", path: reader.string() }
      case create2.code:
        return { _tag: "create2", ...create2Response.decode(reader) }
      case deleteNode.code:
        return { _tag: "delete" }
      case setData.code:
        return { _tag: "setData", stat: stat.decode(reader) }
      case CHECK:
        return { _tag: "check" }
      case ERROR:
        return { _tag: "error", err: reader.int() }
    }
    throw unknown(type)
  }
)

const multiReadRequest = list<MultiReadOp>(
  (writer, op) =>
    op._tag === "getData"
      ? requested(writer, getData.code, getDataRequest, op)
      : requested(writer, getChildren.code, getChildrenRequest, op),
  (reader, type) => {
    switch (type) {
      case getData.code:
        return { _tag: "getData", ...getDataRequest.decode(reader) }
      case getChildren.code:
        return { _tag: "getChildren", ...getChildrenRequest.decode(reader) }
    }
    throw unknown(type)
  }
)

const multiReadResponse = list<MultiReadResult>(
  (writer, result) => {
    switch (result._tag) {
      case "getData":
        return succeeded(writer, getData.code, getDataResponse, result)
      case "getChildren":
        return succeeded(writer, getChildren.code, strings, result.children)
      case "error":
        return failed(writer, result)
    }
  },
  (reader, type) => {
    switch (type) {
      case getData.code:
        return { _tag: "getData", ...getDataResponse.decode(reader) }
      case getChildren.code:
        return { _tag: "getChildren", children: strings.decode(reader) }
      case ERROR:
        return { _tag: "error", err: reader.int() }
    }
    throw unknown(type)
  }
)

export const multi = write("multi", 14, multiRequest, multiResponse)
export const multiRead = read("multiRead", 22, multiReadRequest, multiReadResponse)
