/** A door between clients and a server: while it is shut, bytes wait on both sides and nobody is told. */
import type { Accept, Peer, PeerReceiver } from "./Peer.ts"

export class Gate {
  private isShut = false
  private readonly waiting: Array<() => void> = []

  private pass(f: () => void): void {
    if (this.isShut) this.waiting.push(f)
    else f()
  }

  shut(): void {
    this.isShut = true
  }

  /** What waited goes on in its order, as it does when a network heals. */
  open(): void {
    this.isShut = false
    for (const f of this.waiting.splice(0)) f()
  }

  wrap(accept: Accept): Accept {
    return (peer) => {
      const outward: Peer = {
        address: peer.address,
        port: peer.port,
        write: (bytes) => this.pass(() => peer.write(bytes)),
        end: () => this.pass(() => peer.end()),
        destroy: () => this.pass(() => peer.destroy())
      }
      const receiver: PeerReceiver | undefined = accept(outward)
      return (
        receiver && {
          onChunk: (chunk) => {
            const bytes = this.isShut ? Buffer.from(chunk) : chunk
            this.pass(() => receiver.onChunk(bytes))
          },
          onClose: () => this.pass(() => receiver.onClose())
        }
      )
    }
  }
}
