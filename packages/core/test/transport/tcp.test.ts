/** Sockets: what opens them, what ends them, and what is said when they do not open. */
import { type Connection, OpenFailed, type Target } from "@effect-zookeeper/core/Connection"
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import { assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { execFile } from "node:child_process"
import * as net from "node:net"
import { open } from "../../src/transport/tcp.ts"

const listening = Effect.acquireRelease(
  Effect.callback<{ readonly server: net.Server; readonly port: number; readonly sockets: Array<net.Socket> }>(
    (resume) => {
      const sockets: Array<net.Socket> = []
      const server = net.createServer((socket) => {
        socket.on("error", () => {})
        sockets.push(socket)
      })
      server.listen(0, "127.0.0.1", () =>
        resume(Effect.succeed({ server, sockets, port: (server.address() as net.AddressInfo).port }))
      )
    }
  ),
  ({ server, sockets }) =>
    Effect.sync(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
)

const target = (port: number, more: Partial<Target> = {}): Target => ({
  host: "localhost",
  address: "127.0.0.1",
  port,
  ...more
})

const silent = { onChunk: () => {}, onClose: () => {} }

/** A connection together with what it told. */
const connect = Effect.fnUntraced(function* (port: number) {
  const told: Array<string> = []
  let ended = () => {}
  const closed = new Promise<void>((resolve) => {
    ended = resolve
  })
  const connection: Connection = yield* open(target(port), {
    onChunk: (chunk) => told.push(chunk.toString()),
    onClose: (cause) => {
      told.push(`closed: ${cause}`)
      ended()
    }
  })
  return { connection, told, closed: Effect.promise(() => closed) }
})

/** Waits until the other end has the connection, too. */
const accepted = (server: { readonly server: net.Server; readonly sockets: Array<net.Socket> }) =>
  Effect.callback<net.Socket>((resume) => {
    const [socket] = server.sockets
    if (socket !== undefined) return resume(Effect.succeed(socket))
    server.server.once("connection", (socket: net.Socket) => resume(Effect.succeed(socket)))
    return undefined
  })

describe("open", () => {
  it.live("fails with the system's words when nobody listens", () =>
    Effect.gen(function* () {
      const { port, server } = yield* listening
      yield* Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
      const error = yield* Effect.flip(open(target(port), silent))
      assert.instanceOf(error, OpenFailed)
      assert.include(error.cause, "ECONNREFUSED")
    })
  )

  it.live("fails when TLS is spoken to one that does not, or with a certificate that is none", () =>
    Effect.gen(function* () {
      const server = yield* listening
      server.server.on("connection", (socket: net.Socket) => socket.end("ruok?"))
      const plain = yield* Effect.flip(open(target(server.port, { tls: {} }), silent))
      assert.instanceOf(plain, OpenFailed)
      const tls = { cert: "no certificate", key: Redacted.make("no key") }
      const rubbish = yield* Effect.flip(open(target(server.port, { tls }), silent))
      assert.instanceOf(rubbish, OpenFailed)
      assert.include(rubbish.cause, "PEM")
    })
  )

  it.live("interrupted: leaves nothing open", () =>
    Effect.gen(function* () {
      // RFC 5737: nobody there.
      const opening = yield* Effect.forkChild(open(target(9, { address: "192.0.2.1" }), silent), {
        startImmediately: true
      })
      yield* Fiber.interrupt(opening)
      const open_ = (process as unknown as { getActiveResourcesInfo: () => Array<string> }).getActiveResourcesInfo()
      assert.notInclude(open_, "TCPConnectWrap")
    })
  )
})

describe("a connection", () => {
  it.live("tells of its end once, by the server or by a reset", () =>
    Effect.gen(function* () {
      for (const reset of [false, true]) {
        const server = yield* listening
        const { closed, told } = yield* connect(server.port)
        const socket = yield* accepted(server)
        if (reset) socket.resetAndDestroy()
        else socket.end("bye")
        yield* closed
        assert.deepStrictEqual(told.length, reset ? 1 : 2)
        assert.match(told.at(-1)!, reset ? /^closed: .*ECONNRESET/ : /^closed: closed by the server$/)
      }
    })
  )

  it.live("reads into the room that its receiver has, and never again into what it filled", () =>
    Effect.gen(function* () {
      const server = yield* listening
      const bodies = [0, 300_000, 1, 70_000, 900_000, 20, 20_000, 20, 400_000].map((length, index) =>
        Buffer.alloc(length, index + 1)
      )
      const stream = Buffer.concat(
        bodies.flatMap((body) => {
          const length = Buffer.alloc(4)
          length.writeInt32BE(body.length)
          return [length, body]
        })
      )
      const frames = new Frames(1_000_000)
      const found: Array<Buffer> = []
      let inRoom = 0
      let room: Buffer | undefined
      let connection: Connection | undefined
      let finished = () => {}
      const all = new Promise<void>((resolve) => {
        finished = resolve
      })
      connection = yield* open(target(server.port), {
        room: () => (room = frames.room()),
        onChunk: (chunk) => {
          if (room !== undefined) {
            assert.strictEqual(chunk.buffer, room.buffer)
            assert.strictEqual(chunk.byteOffset, room.byteOffset)
            inRoom += chunk.length
          }
          frames.push(chunk, (bytes, start, end, owned) =>
            found.push(owned ? bytes : Buffer.from(bytes.subarray(start, end)))
          )
          if (chunk.length % 2 === 0) connection?.rest?.()
          if (found.length === 2 * bodies.length) finished()
        },
        onClose: () => finished()
      })
      const socket = yield* accepted(server)
      socket.write(stream)
      socket.write(stream)
      yield* Effect.promise(() => all)
      connection.destroy()
      assert.strictEqual(found.length, 2 * bodies.length)
      for (const [index, body] of [...bodies, ...bodies].entries())
        assert.isTrue(found[index]!.equals(body), `${index}`)
      assert.isAbove(inRoom, 0)
    })
  )

  it.live("at rest reads on when it is woken", () =>
    Effect.gen(function* () {
      const server = yield* listening
      let heard = () => {}
      const connection: Connection = yield* open(target(server.port), {
        onChunk: () => {
          setImmediate(heard)
          // Its own time never comes.
          vi.stubGlobal("setTimeout", () => ({ refresh: () => {} }))
          connection.rest?.()
          vi.unstubAllGlobals()
        },
        onClose: () => {}
      })
      const chunk = () => Effect.callback<void>((resume) => void (heard = () => resume(Effect.void)))
      const socket = yield* accepted(server)
      for (let i = 0; i < 3; i++) {
        const next = yield* Effect.forkChild(chunk(), { startImmediately: true })
        socket.write("more")
        connection.wake?.()
        yield* Fiber.join(next)
      }
      connection.destroy()
    })
  )

  it.live("ends when its receiver throws, so that nothing is read into memory that may be somebody's by then", () =>
    Effect.gen(function* () {
      const server = yield* listening
      server.server.on("connection", (socket: net.Socket) => void socket.write("a"))
      // In a process of its own: the error goes where all uncaught ones go.
      const program = `
        import * as Effect from "effect/Effect"
        import { open } from "./src/transport/tcp.ts"
        process.on("uncaughtException", (error) => console.log(error.message))
        const receiver = {
          onChunk: () => { throw new Error("rubbish") },
          onClose: (cause) => console.log(cause)
        }
        const target = { host: "localhost", address: "127.0.0.1", port: ${server.port} }
        await Effect.runPromise(open(target, receiver))`
      const output = yield* Effect.callback<string>((resume) => {
        execFile(
          process.execPath,
          ["--input-type=module", "--eval", program],
          { cwd: `${import.meta.dirname}/../..`, timeout: 60_000 },
          (_, stdout, stderr) => resume(Effect.succeed(stdout + stderr))
        )
      })
      assert.strictEqual(output, "rubbish\nclosed by the server\n")
    })
  )

  it.live("tells nothing after destroy, and writing then does no harm", () =>
    Effect.gen(function* () {
      const server = yield* listening
      const { connection, told } = yield* connect(server.port)
      const socket = yield* accepted(server)
      connection.destroy()
      connection.destroy()
      connection.write(Buffer.from("late"))
      yield* Effect.callback<void>((resume) => void socket.once("close", () => resume(Effect.void)).resume())
      assert.deepStrictEqual(told, [])
    })
  )
})
