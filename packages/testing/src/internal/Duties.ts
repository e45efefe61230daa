/** What a server does when time passes, not when a request comes: it expires sessions and, leading, clears away nodes. */
import { prepareReap } from "./PrepRequestProcessor.ts"
import type { ZooKeeperServer } from "./ZooKeeperServer.ts"

const ignore = (): void => {}

const leads = ({ role }: ZooKeeperServer): boolean => role === "standalone" || role === "leader"

/** Sleeps only until something is due, so that an idle server costs nothing under a virtual clock either. */
export class Duties {
  private readonly server: ZooKeeperServer
  /** When containers and TTL nodes are looked at next. */
  private nextCheck: number
  private armedAt: number | undefined
  private cancel: () => void = ignore

  constructor(server: ZooKeeperServer) {
    this.server = server
    this.nextCheck = server.timers.now() + server.options.containerCheckInterval
    server.arm = () => this.arm()
  }

  private nextDue(): number | undefined {
    const { tracker, tree } = this.server
    const expiry = tracker.next
    if (!leads(this.server) || (tree.containers.size === 0 && tree.ttls.size === 0)) return expiry
    if (this.armedAt === undefined) this.skipChecks()
    return expiry === undefined ? this.nextCheck : Math.min(expiry, this.nextCheck)
  }

  /** Checks that were not due for want of anything to check, or that are done. */
  private skipChecks(): void {
    const late = this.server.timers.now() - this.nextCheck
    const period = this.server.options.containerCheckInterval
    if (late >= 0) this.nextCheck += (Math.floor(late / period) + 1) * period
  }

  arm(): void {
    const due = this.nextDue()
    if (due === undefined || (this.armedAt !== undefined && this.armedAt <= due)) return
    this.cancel()
    this.armedAt = due
    const { timers } = this.server
    this.cancel = timers.after(Math.max(0, due - timers.now()), () => {
      this.armedAt = undefined
      this.perform()
    })
  }

  /** Does what is due; again and again harmless. */
  perform(): void {
    const { server } = this
    if (server.isFrozen || server.isStopped) return
    const now = server.timers.now()
    for (const sessionId of server.tracker.expire(now)) server.expire(sessionId)
    if (leads(server) && now >= this.nextCheck) {
      for (const path of server.tree.reapable(now)) {
        const prepare = () => prepareReap(server.tree, path) ?? ({ _tag: "check" } as const)
        server.leader.submit(server, 0n, prepare, ignore)
      }
    }
    this.arm()
  }

  stop(): void {
    this.armedAt = undefined
    this.cancel()
  }
}
