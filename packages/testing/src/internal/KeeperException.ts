/** A refusal with its code, thrown inside the server and turned into an answer at its edge. */
export class KeeperException extends Error {
  readonly code: number
  constructor(code: number) {
    super(`error code ${code}`)
    this.code = code
  }
}
