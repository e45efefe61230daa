/**
 * A way to log in by SASL, as steps without any input or output of their own.
 *
 * @since 0.1.0
 */

/**
 * One login in progress.
 *
 * @category models
 * @since 0.1.0
 */
export interface SaslExchange {
  /** What to send first; many mechanisms send nothing until they are challenged. */
  readonly initial: Uint8Array
  /** The answer to a challenge; undefined when the exchange is over; a string says why the server is not trusted. */
  readonly answer: (challenge: Uint8Array) => Uint8Array | string | undefined
}

/**
 * A mechanism, such as DIGEST-MD5; others (Kerberos) can be put in from outside. `start` is called for each connection.
 *
 * @category models
 * @since 0.1.0
 */
export interface SaslMechanism {
  readonly name: string
  readonly start: () => SaslExchange
}
