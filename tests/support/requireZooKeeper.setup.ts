/** A vitest setup file: fails a test file at once, with advice, where no server can be started. */
import { inject } from "vitest"

const zookeeper = inject("zookeeper")
if ("missing" in zookeeper) throw new Error(zookeeper.missing)
