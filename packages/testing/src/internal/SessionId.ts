/** Session ids and passwords as a real server makes them (SessionTrackerImpl, ZooKeeperServer.generatePasswd). */

/** `serverId` in the top byte, 40 bits of the clock, 16 bits to count in. */
export const firstSessionId = (serverId: number, now: number): bigint =>
  BigInt.asIntN(64, (BigInt.asUintN(64, BigInt(Math.trunc(now)) << 24n) >> 8n) | (BigInt(serverId) << 56n))

const MULTIPLIER = 0x5_deec_e66dn
const MASK = (1n << 48n) - 1n
const SUPER_SECRET = 0xb341_5c00n

/** Sixteen bytes of java.util.Random, seeded with the id: any server can check a password, whoever gave it out. */
export const passwordOf = (sessionId: bigint): Uint8Array => {
  let seed = (sessionId ^ SUPER_SECRET ^ MULTIPLIER) & MASK
  const password = new Uint8Array(16)
  for (let i = 0; i < 16; i += 4) {
    seed = (seed * MULTIPLIER + 0xbn) & MASK
    const random = Number(BigInt.asIntN(32, seed >> 16n))
    for (let byte = 0; byte < 4; byte++) password[i + byte] = random >> (8 * byte)
  }
  return password
}

export const isPasswordOf = (sessionId: bigint, password: Uint8Array | null): boolean =>
  sessionId !== 0n && password !== null && Buffer.from(passwordOf(sessionId)).equals(password)
