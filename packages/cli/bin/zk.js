#!/usr/bin/env node
// npm links a bin only if its file is there at install time, and the bundle is not: it is built later.
import { existsSync } from "node:fs"

const bundle = new URL("../dist/zk.js", import.meta.url)
if (existsSync(bundle)) {
  await import(bundle.href)
} else {
  process.stderr.write("zk: not built yet; run `npm run build` in the repository first\n")
  process.exitCode = 1
}
