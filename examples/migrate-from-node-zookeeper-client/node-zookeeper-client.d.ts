/** The part of node-zookeeper-client that the programs here use; the package has no types of its own. */
declare module "node-zookeeper-client" {
  type Callback<Results extends ReadonlyArray<unknown>> = (error: Error | null, ...results: Results) => void

  interface Client {
    connect(): void
    close(): void
    once(event: "connected" | "expired", listener: () => void): void
    getSessionTimeout(): number
    create(path: string, mode: number, callback: Callback<[path: string]>): void
    remove(path: string, version: number, callback: Callback<[]>): void
    exists(path: string, watcher: () => void, callback: Callback<[stat: object | null]>): void
    getData(path: string, callback: Callback<[data: Buffer, stat: Stat]>): void
    getData(path: string, watcher: () => void, callback: Callback<[data: Buffer, stat: Stat]>): void
    setData(path: string, data: Buffer, version: number, callback: Callback<[stat: Stat]>): void
    getChildren(path: string, callback: Callback<[names: Array<string>]>): void
  }

  interface Stat {
    readonly version: number
  }

  const library: {
    createClient(connect: string, options?: { readonly sessionTimeout?: number }): Client
    readonly CreateMode: { readonly EPHEMERAL: number; readonly EPHEMERAL_SEQUENTIAL: number }
  }
  export default library
}
