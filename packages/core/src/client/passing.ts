/** Failures that pass by themselves: another attempt meets another connection, or room where there was none. */
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"

/** No answer came, and the session may go on. */
export const isLost = ({ reason }: ZooKeeperError): boolean =>
  reason._tag === "ConnectionLost" || reason._tag === "Timeout"

/** A write may have been done: no answer came, or none that could be read, and the session may go on. */
export const isUnanswered = (error: ZooKeeperError): boolean =>
  isLost(error) || (error.reason._tag === "ProtocolViolation" && error.applied === "unknown")

/** The server or the session has no room at the moment; it says so at once. */
export const isFull = ({ reason }: ZooKeeperError): boolean =>
  reason._tag === "Overloaded" || reason._tag === "ThrottledOp"

/** How long to wait for room. */
export const ROOM = "100 millis"
