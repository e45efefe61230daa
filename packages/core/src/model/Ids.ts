/**
 * How the 64-bit numbers of ZooKeeper (session ids, zxids) are written for people.
 *
 * @since 0.1.0
 */

/**
 * Prints a session id or a zxid as the server's own logs do: hexadecimal, unsigned, with `0x`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const toHex = (id: bigint): string => `0x${BigInt.asUintN(64, id).toString(16)}`

/**
 * Reads what {@link toHex} prints; undefined when it is not such a number.
 *
 * @category parsing
 * @since 0.1.0
 */
export const fromHex = (text: string): bigint | undefined =>
  /^0x[0-9a-f]{1,16}$/i.test(text) ? BigInt.asIntN(64, BigInt(text)) : undefined
