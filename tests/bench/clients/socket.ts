/** No client at all: the same request again and again over a bare socket, answers counted by their bytes. The ceiling. */
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import { connectRequest } from "@effect-zookeeper/core/wire/ops/connect"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import * as net from "node:net"
import { paths, type Result, type Spec } from "../spec.ts"
import { Meter } from "./Meter.ts"

const frame = (put: (writer: JuteWriter) => void): Buffer => {
  const writer = new JuteWriter()
  const at = writer.beginFrame()
  put(writer)
  writer.endFrame(at)
  return writer.written()
}

const handshake = frame((writer) =>
  connectRequest.encode(writer, {
    protocolVersion: 0,
    lastZxidSeen: 0n,
    timeOut: 10_000,
    sessionId: 0n,
    passwd: new Uint8Array(16),
    readOnly: false
  })
)

const request = frame((writer) => {
  writer.int(1)
  writer.int(getData.code)
  getData.request.encode(writer, { path: paths.data, watch: false })
})

export const run = (spec: Spec): Promise<Result> =>
  new Promise((resolve) => {
    const meter = new Meter(spec)
    const requests = Buffer.concat(Array.from({ length: spec.depth }, () => request))
    const buffer = Buffer.allocUnsafeSlow(64 * 1024)
    let isShaken = false
    /** All answers are of one length. */
    let length = 0
    let received = 0

    const onBytes = (count: number): boolean => {
      if (!isShaken) {
        isShaken = true
        socket.write(requests)
        return true
      }
      if (length === 0) length = 4 + buffer.readInt32BE(0)
      received += count
      const answers = Math.floor(received / length)
      received -= answers * length
      for (let i = 0; i < answers; i++) meter.done()
      if (!meter.goesOn) resolve(meter.measured)
      else if (answers > 0) socket.write(requests.subarray(0, answers * request.length))
      return true
    }

    const [host, port] = spec.connect.split(":")
    const socket = net.connect({
      host: host!,
      port: Number(port),
      noDelay: true,
      onread: { buffer, callback: onBytes }
    })
    socket.once("connect", () => socket.write(handshake))
  })
