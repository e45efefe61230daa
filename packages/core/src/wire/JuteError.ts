/**
 * What the codec throws when bytes are not what they should be. It never leaves the library: whoever feeds bytes to
 * the codec catches it and drops the connection (ProtocolViolation).
 */
export class JuteError extends Error {
  override readonly name = "JuteError"
}
