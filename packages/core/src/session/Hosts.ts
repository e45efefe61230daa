/** The hosts that a session has had, by the names under which its rules know them. */
import * as Result from "effect/Result"
import * as ConnectString from "../model/ConnectString.ts"
import { inOrder, type Settings } from "./settings.ts"

export class Hosts {
  private readonly known = new Map<string, ConnectString.Host>()
  private readonly chroot: string
  private readonly shuffles: boolean

  constructor({ connect, shuffles }: Settings) {
    this.chroot = connect.chroot
    this.shuffles = shuffles
    this.learn(connect.hosts)
  }

  private learn(hosts: ReadonlyArray<ConnectString.Host>): ReadonlyArray<string> {
    for (const host of hosts) this.known.set(ConnectString.formatHost(host), host)
    return hosts.map(ConnectString.formatHost)
  }

  of(name: string): ConnectString.Host {
    return this.known.get(name)!
  }

  /** The names of those in another connect string, in the order in which they are tried. */
  read(connect: string): Result.Result<ReadonlyArray<string>, string> {
    return Result.flatMap(
      Result.mapError(ConnectString.parse(connect), (problem) => `connect '${connect}': ${problem}`),
      ({ chroot, hosts }) =>
        chroot === "" || chroot === this.chroot
          ? Result.succeed(this.learn(inOrder(hosts, this.shuffles)))
          : Result.fail(`the chroot of a session stays as it is; leave out '${chroot}'`)
    )
  }
}
