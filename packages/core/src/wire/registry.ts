/** Every operation that a client can send, by its number. */
import type { Operation } from "./Operation.ts"
import { getACL, setACL } from "./ops/acl.ts"
import { auth, sasl, whoAmI } from "./ops/auth.ts"
import { getAllChildrenNumber, getChildren, getChildren2 } from "./ops/children.ts"
import { create, create2, createContainer, createTTL } from "./ops/create.ts"
import { getData, setData } from "./ops/data.ts"
import { deleteNode } from "./ops/delete.ts"
import { getEphemerals } from "./ops/ephemerals.ts"
import { exists } from "./ops/exists.ts"
import { multi, multiRead } from "./ops/multi.ts"
import { reconfig } from "./ops/reconfig.ts"
import { closeSession, ping } from "./ops/session.ts"
import { sync } from "./ops/sync.ts"
import { addWatch, checkWatches, removeWatches, setWatches, setWatches2 } from "./ops/watches.ts"

/** An operation whose records are not known until its number is read: hence `any`. */
export type AnyOperation = Operation<any, any>

export const operations: ReadonlyArray<AnyOperation> = [
  create,
  deleteNode,
  exists,
  getData,
  setData,
  getACL,
  setACL,
  getChildren,
  sync,
  ping,
  getChildren2,
  multi,
  create2,
  reconfig,
  checkWatches,
  removeWatches,
  createContainer,
  createTTL,
  multiRead,
  auth,
  setWatches,
  sasl,
  getEphemerals,
  getAllChildrenNumber,
  setWatches2,
  addWatch,
  whoAmI,
  closeSession
]

const byNumber: ReadonlyMap<number, AnyOperation> = new Map(operations.map((operation) => [operation.code, operation]))

/** The operation of a number; undefined for those that no client sends (check is one: it lives inside multi only). */
export const byCode = (code: number): AnyOperation | undefined => byNumber.get(code)
