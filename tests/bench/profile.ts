/** `node tests/bench/profile.ts FILE.cpuprofile`: where the time went, by function, without what it called. */
import * as fs from "node:fs"
import * as path from "node:path"

interface Profile {
  readonly nodes: ReadonlyArray<{
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }>
  readonly samples: ReadonlyArray<number>
  readonly timeDeltas: ReadonlyArray<number>
}

const SHOWN = 45

const file = process.argv[2]!
const profile = JSON.parse(fs.readFileSync(file, "utf8")) as Profile
const names = new Map(
  profile.nodes.map(({ callFrame, id }) => {
    const where = callFrame.url === "" ? "" : ` ${path.basename(callFrame.url)}:${callFrame.lineNumber + 1}`
    return [id, `${callFrame.functionName || "(anonymous)"}${where}`]
  })
)
const self = new Map<string, number>()
let total = 0
// The first half is warm-up: interpreted code, and the start of the process.
for (let i = profile.samples.length >> 1; i < profile.samples.length; i++) {
  const name = names.get(profile.samples[i]!) ?? "?"
  const delta = profile.timeDeltas[i] ?? 0
  if (name === "(idle)") continue
  total += delta
  self.set(name, (self.get(name) ?? 0) + delta)
}
for (const [name, micros] of [...self].sort((a, b) => b[1] - a[1]).slice(0, SHOWN)) {
  console.log(`${((micros / total) * 100).toFixed(1).padStart(5)} %  ${name}`)
}
