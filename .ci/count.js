// Adds up the JSON reports of vitest in a folder: "N passed, N failed".
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const folder = process.argv[2]
let passed = 0
let failed = 0
for (const name of existsSync(folder) ? readdirSync(folder) : []) {
  const report = JSON.parse(readFileSync(join(folder, name), "utf8"))
  passed += report.numPassedTests
  failed += report.numFailedTests
  // A file that fails before its first test, such as one that finds no server.
  failed += report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length
}
console.log(`${passed} passed, ${failed} failed`)
