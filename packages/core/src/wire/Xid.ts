/** The numbers that tie answers to requests. */

/** A notification, which answers no request. */
export const NOTIFICATION = -1
/** Every answer to a ping, whatever the ping's own number was (measured on 3.8.0). */
export const PING = -2
/** Answers to auth overtake the others: they are recognised by this number, not by their place. */
export const AUTH = -4
export const SET_WATCHES = -8

/** The number of a connection's first request. */
export const FIRST = 1

const LAST = 0x7fff_ffff

/** The number after `xid`. After the largest int comes 1 again: the negative ones are taken. */
export const next = (xid: number): number => (xid === LAST ? FIRST : xid + 1)
