/** Which requests a server of a given version knows, and which of them are writes. */
import { operations } from "@effect-zookeeper/core/wire/registry"
import { CHECK } from "@effect-zookeeper/core/wire/ops/check"
import { DELETE_CONTAINER } from "./PrepRequestProcessor.ts"

/** The release that a server behaves as; an older one does not know what came later. */
export type Version = "3.5" | "3.6" | "3.8"

const since: ReadonlyMap<number, Version> = new Map([
  [22, "3.6"],
  [103, "3.6"],
  [104, "3.6"],
  [105, "3.6"],
  [106, "3.6"],
  [107, "3.8"]
])

const known: ReadonlySet<number> = new Set([...operations.map(({ code }) => code), CHECK, DELETE_CONTAINER])

export const isKnown = (type: number, version: Version): boolean => {
  const first = since.get(type)
  return known.has(type) && (first === undefined || first <= version)
}

const writes: ReadonlySet<number> = new Set([1, 2, 5, 7, 13, 14, 15, 16, 19, 20, 21, -11])

/** Writes take a zxid, also when they fail. */
export const isWrite = (type: number): boolean => writes.has(type)

/** As the `cons` command shows it (org.apache.zookeeper.server.Request.op2String). */
const shortNames: ReadonlyMap<number, string> = new Map([
  [1, "CREA"],
  [2, "DELE"],
  [3, "EXIS"],
  [4, "GETD"],
  [5, "SETD"],
  [6, "GETA"],
  [7, "SETA"],
  [8, "GETC"],
  [9, "SYNC"],
  [11, "PING"],
  [12, "GETC"],
  [13, "CHEC"],
  [14, "MULT"],
  [16, "RECO"],
  [17, "CHKW"],
  [18, "REMW"],
  [22, "MLTR"],
  [-10, "SESS"],
  [-11, "CLOS"],
  [100, "AUTH"],
  [101, "SETW"],
  [102, "SASL"],
  [103, "GETE"],
  [104, "GETACN"],
  [105, "STW2"],
  [106, "ADDW"],
  [107, "HOMI"]
])

export const shortName = (type: number): string => shortNames.get(type) ?? "UNKN"
