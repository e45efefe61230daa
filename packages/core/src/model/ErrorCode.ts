/**
 * The numbers a ZooKeeper server answers with, by name (org.apache.zookeeper.KeeperException.Code).
 *
 * @since 0.1.0
 */

/**
 * Every error code that a server can send to a client, 3.5 to 3.9. Codes that only clients make up
 * (CONNECTIONLOSS, OPERATIONTIMEOUT, REQUESTTIMEOUT) are not here: ours are reasons of their own.
 *
 * @category constants
 * @since 0.1.0
 */
export const ErrorCode = {
  Ok: 0,
  SystemError: -1,
  RuntimeInconsistency: -2,
  DataInconsistency: -3,
  MarshallingError: -5,
  Unimplemented: -6,
  BadArguments: -8,
  UnknownSession: -12,
  NewConfigNoQuorum: -13,
  ReconfigInProgress: -14,
  ApiError: -100,
  NoNode: -101,
  NoAuth: -102,
  BadVersion: -103,
  NoChildrenForEphemerals: -108,
  NodeExists: -110,
  NotEmpty: -111,
  SessionExpired: -112,
  InvalidCallback: -113,
  InvalidAcl: -114,
  AuthFailed: -115,
  SessionMoved: -118,
  NotReadOnly: -119,
  EphemeralOnLocalSession: -120,
  NoWatcher: -121,
  ReconfigDisabled: -123,
  SessionClosedRequireSaslAuth: -124,
  QuotaExceeded: -125,
  ThrottledOp: -127
} as const

/**
 * The name of an error code.
 *
 * @category models
 * @since 0.1.0
 */
export type ErrorName = keyof typeof ErrorCode

const names: ReadonlyMap<number, ErrorName> = new Map(
  Object.entries(ErrorCode).map(([name, code]) => [code, name as ErrorName])
)

/**
 * The name of a code, or undefined for one that no release up to 3.9 sends.
 *
 * @category getters
 * @since 0.1.0
 */
export const nameOf = (code: number): ErrorName | undefined => names.get(code)
