/**
 * A leader and its followers as far as they decide how long a session lives, in simulated time.
 *
 * The leader expires a session `timeout` after it last heard of it. It hears of its own clients at once, and of those of a
 * follower in the follower's answers to its pings, every half tick; what a follower forwards is no sign of life by itself,
 * but for a handshake. Followers answer pings by themselves. What chance may decide is decided against the client: an
 * expiry is never late, and a leader that wakes up may first answer what waits, which does not save the session any more.
 */
export class Time {
  now = 0
  private readonly queue: Array<{ readonly at: number; readonly run: () => void }> = []

  at(at: number, run: () => void): void {
    let index = this.queue.length
    while (index > 0 && this.queue[index - 1]!.at > at) index--
    this.queue.splice(index, 0, { at, run })
  }

  after(delay: number, run: () => void): void {
    this.at(this.now + delay, run)
  }

  runUntil(end: number): void {
    for (let next = this.queue[0]; next !== undefined && next.at <= end; next = this.queue[0]) {
      this.queue.shift()
      this.now = Math.max(this.now, next.at)
      next.run()
    }
  }
}

export interface Options {
  readonly timeout: number
  readonly tick: number
  readonly syncLimit: number
  /** How long a message takes. */
  readonly latency: () => number
  /** How long a leader that wakes up may go on answering for a session whose time has passed. */
  readonly awakening: () => number
  readonly onExpired: (id: bigint) => void
  /** A server ends the connections of its clients. */
  readonly onDropped: (host: number) => void
}

export type Request = "create" | "resume" | "ping" | "sync" | "write"

interface Server {
  alive: boolean
  /** Whether it reaches the leader. */
  linked: boolean
  /** Whom it has heard of since it last told the leader. */
  heard: Set<bigint>
  /** Messages between it and the leader keep their order. */
  up: number
  down: number
}

export class Ensemble {
  readonly servers: ReadonlyArray<Server> = [0, 1, 2].map(() => ({
    alive: true,
    linked: true,
    heard: new Set(),
    up: 0,
    down: 0
  }))
  leader = 0
  /** A leader that lost the others and does not know it yet. */
  deposed: number | undefined
  readonly sessions = new Map<bigint, { touchedAt: number; alive: boolean; doomed: boolean }>()
  private pausedUntil = 0
  private inbox: Array<() => void> = []
  private nextId = 1n
  private readonly time: Time
  private readonly options: Options

  constructor(time: Time, options: Options) {
    this.time = time
    this.options = options
    const beat = () => {
      if (time.now >= this.pausedUntil) this.askFollowers()
      time.after(options.tick / 2, beat)
    }
    beat()
  }

  private atLeader(run: () => void): void {
    if (this.time.now < this.pausedUntil) this.inbox.push(run)
    else run()
  }

  private toLeader(host: number, run: () => void): void {
    const server = this.servers[host]!
    const { leader } = this
    server.up = Math.max(server.up, this.time.now + this.options.latency())
    this.time.at(server.up, () => {
      if (server.linked && this.leader === leader) this.atLeader(run)
    })
  }

  private fromLeader(host: number, run: () => void): void {
    const server = this.servers[host]!
    server.down = Math.max(server.down, this.time.now + this.options.latency())
    this.time.at(server.down, () => {
      if (server.alive && server.linked) run()
    })
  }

  private askFollowers(): void {
    for (const host of this.servers.keys()) {
      if (host === this.leader || host === this.deposed) continue
      this.fromLeader(host, () => {
        const heard = [...this.servers[host]!.heard]
        this.servers[host]!.heard.clear()
        this.toLeader(host, () => heard.forEach((id) => this.touch(id)))
      })
    }
  }

  private touch(id: bigint): void {
    const session = this.sessions.get(id)
    if (session?.alive !== true || session.doomed) return
    session.touchedAt = this.time.now
    this.time.after(this.options.timeout, () => this.expire(id))
  }

  private isDue({ alive, touchedAt }: { alive: boolean; touchedAt: number }): boolean {
    return alive && this.time.now >= Math.max(this.pausedUntil, touchedAt + this.options.timeout)
  }

  private expire(id: bigint): void {
    if (this.isDue(this.sessions.get(id)!)) this.close(id)
  }

  /** Its time has passed while the leader stood still: the leader knows, and has not done it yet. */
  private doom(id: bigint): void {
    const session = this.sessions.get(id)!
    if (session.doomed || !this.isDue(session)) return
    session.doomed = true
    this.time.after(this.options.awakening(), () => this.close(id))
  }

  /** The session is gone. A server that the leader reaches ends the connection. */
  close(id: bigint): void {
    const session = this.sessions.get(id)!
    if (!session.alive) return
    session.alive = false
    this.options.onExpired(id)
  }

  /** A client asks a server; `reply` is called when the server answers, with the session or undefined for one that is gone. */
  ask(host: number, request: Request, id: bigint, reply: (id: bigint | undefined) => void): void {
    const server = this.servers[host]!
    if (!server.alive) return
    const alive = () => this.sessions.get(id)?.alive === true
    if (host === this.deposed) {
      // It takes itself for the leader, but no write gets through.
      if (request !== "create" && request !== "write") reply(id)
      return
    }
    if (host === this.leader) {
      return this.atLeader(() => {
        if (request === "create") id = this.create()
        this.touch(id)
        reply(alive() ? id : undefined)
      })
    }
    server.heard.add(id)
    if (request === "ping") return reply(id)
    this.toLeader(host, () => {
      if (request === "create") id = this.create()
      if (request === "resume") this.touch(id)
      const answer = alive() ? id : undefined
      this.fromLeader(host, () => reply(answer))
    })
  }

  private create(): bigint {
    const id = this.nextId++
    this.sessions.set(id, { touchedAt: 0, alive: true, doomed: false })
    this.touch(id)
    return id
  }

  // ---- faults

  /** The leader's process stands still. */
  pause(millis: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.time.now + millis)
    this.time.at(this.pausedUntil, () => {
      if (this.time.now < this.pausedUntil) return
      for (const id of this.sessions.keys()) this.doom(id)
      this.askFollowers()
      for (const run of this.inbox.splice(0)) run()
    })
  }

  /** A follower loses its leader, and goes on for as long as it may before it ends its clients' connections. */
  cutOff(host: number, millis: number): void {
    const server = this.servers[host]!
    if (host === this.leader || !server.linked) return
    server.linked = false
    this.time.after(this.options.syncLimit * this.options.tick, () => {
      if (!server.linked) this.options.onDropped(host)
    })
    this.time.after(millis, () => (server.linked = true))
  }

  /** A follower dies with all that it has not told the leader. */
  kill(host: number, millis: number): void {
    const server = this.servers[host]!
    if (host === this.leader) return
    server.alive = false
    server.heard.clear()
    this.options.onDropped(host)
    this.time.after(millis, () => (server.alive = true))
  }

  /** The leader loses the others, which elect a new one: every session begins anew there. */
  depose(): void {
    if (this.deposed !== undefined || this.time.now < this.pausedUntil) return
    const old = this.leader
    this.deposed = old
    this.leader = this.servers.findIndex((server, host) => host !== old && server.alive && server.linked)
    if (this.leader < 0) {
      this.leader = old
      this.deposed = undefined
      return
    }
    for (const id of this.sessions.keys()) this.touch(id)
    this.time.after((this.options.syncLimit + 2) * this.options.tick, () => {
      this.deposed = undefined
      this.options.onDropped(old)
    })
  }
}
