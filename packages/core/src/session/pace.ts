/** The pace of a connection: which requests leave together, and when reading rests so that answers gather. */

/**
 * A real server sends each answer and each event in a packet of its own, and reading them one by one costs more than all
 * the rest. With so many outstanding that it stays busy meanwhile, a rest before the next read gathers them. No server
 * answers REST_DEPTH requests of one connection within that millisecond; large answers cost by the byte and are read as
 * they come.
 */
const REST_DEPTH = 128
const REST_BYTES = 1024
/** A read that brought so many is as good as it gets. */
const REST_PIECES = 64

/**
 * Where all that is outstanding are reads after events, nobody sends the next request when the answer comes: a rest makes
 * a state a millisecond older and nothing slower. The read after a lone event is answered without.
 */
const UNHURRIED_DEPTH = 2

/**
 * A write costs more than all the rest of a small request. A server answers in order, so while it has this much to do, a
 * request that follows an answer is answered no later if it leaves together with those that follow the next answers: when
 * they are half of what is in flight, with the next request from elsewhere, or with the heartbeat.
 */
const COMPANY_DEPTH = 16
const COMPANY_PART = 2

/**
 * So many requests that follow the answers of one chunk, and half of what is in flight, leave before the rest of the chunk
 * is looked at: else the server would wait while this client is at work, and this client while the server is. Less is not
 * worth another write.
 */
const EARLY = 64

/** The requests of a turn leave in one write, unless they are so many bytes: then the slab would grow and grow. */
const FULL = 64 * 1024

/** Whether so many bytes leave at once, whatever else this turn brings. */
export const isFull = (bytes: number): boolean => bytes > FULL

const isHalf = (inFlight: number, unwritten: number): boolean => unwritten * COMPANY_PART >= inFlight

/** Whether what a chunk brought about is little, and is kept for what the next one brings. */
export const waitsForCompany = (inFlight: number, unwritten: number): boolean =>
  unwritten > 0 && inFlight >= COMPANY_DEPTH && !isHalf(inFlight, unwritten)

/** Whether what the answers so far brought about leaves before the rest of their chunk is looked at. */
export const leavesEarly = (inFlight: number, unwritten: number): boolean =>
  unwritten >= EARLY && isHalf(inFlight, unwritten)

/** What is outstanding, as a rest depends on it. */
interface Outstanding {
  readonly size: number
  readonly isPatient: boolean
}

const isDeep = (size: number, pieces: number): boolean => size >= REST_DEPTH && pieces * 4 <= size

const isUnhurried = ({ isPatient, size }: Outstanding): boolean => size >= UNHURRIED_DEPTH && isPatient

/** Whether small answers or events are left to gather, after a chunk that brought few pieces. */
export const rests = (outstanding: Outstanding, pieces: number, bytes: number): boolean =>
  pieces <= REST_PIECES &&
  bytes <= pieces * REST_BYTES &&
  (isDeep(outstanding.size, pieces) || isUnhurried(outstanding))
