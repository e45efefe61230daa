/** Keeping and ending a session: ping (11) and closeSession (−11). */
import { nothing, read, write } from "../Operation.ts"

/** An answered ping proves nothing about the leader: a follower answers by itself (design: the lease). */
export const ping = read("ping", 11, nothing, nothing)
export const closeSession = write("closeSession", -11, nothing, nothing)
