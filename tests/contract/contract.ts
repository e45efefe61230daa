/** What a client can expect of a ZooKeeper, written once and run on every kind of server. */
import { describe, layer } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import type { Backend, It } from "./Backend.ts"
import { admin } from "./subjects/admin.ts"
import { acl } from "./subjects/acl.ts"
import { basic } from "./subjects/basic.ts"
import { children } from "./subjects/children.ts"
import { chroot } from "./subjects/chroot.ts"
import { create } from "./subjects/create.ts"
import { data } from "./subjects/data.ts"
import { deletion } from "./subjects/delete.ts"
import { multiRead } from "./subjects/multiRead.ts"
import { replay } from "./subjects/replay.ts"
import { sessions } from "./subjects/sessions.ts"
import { streams } from "./subjects/streams.ts"
import { transact } from "./subjects/transact.ts"
import { watches } from "./subjects/watches.ts"

const subjects = {
  ...{ basic, data, create, deletion, children, acl, transact, multiRead, admin },
  ...{ watches, streams, sessions, replay, chroot }
}

/** Runs the whole contract; `as` may change how each test is run. */
export const contract = <E>(name: string, backend: Layer.Layer<Backend, E>, as: (it: It) => It = (it) => it): void =>
  layer(backend, { excludeTestServices: true, timeout: "2 minutes" })(name, (it: It) => {
    for (const [subject, register] of Object.entries(subjects)) describe(subject, () => register(as(it)))
  })
