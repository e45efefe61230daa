/** Calls for tests of what keeps calls: each remembers what became of it. */
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import type { AnyCall } from "../../src/session/Session.ts"

export interface TestCall extends AnyCall {
  readonly id: number
  /** What the call was told, in order: `ok`, `refused -101`, `ConnectionLost unknown`. */
  readonly told: Array<string>
}

export const testCall = (id: number, request: unknown = { path: `/${id}`, watch: false }): TestCall => {
  const told: Array<string> = []
  return {
    id,
    told,
    operation: getData,
    request,
    succeed: () => told.push("ok"),
    refuse: (code) => told.push(`refused ${code}`),
    fail: (reason, applied) => told.push(`${reason._tag} ${applied}`)
  }
}
