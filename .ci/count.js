// Sums up the JSON reports of vitest in a folder: what failed, then "N passed, N failed".
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"

const folder = process.argv[2]
let passed = 0
let failed = 0

const tell = (file, title, message = "") => {
  console.log(`FAILED: ${relative(".", file)} > ${title}`)
  console.log(`        ${message.split("\n")[0].slice(0, 1000)}`)
}

for (const name of existsSync(folder) ? readdirSync(folder) : []) {
  const report = JSON.parse(readFileSync(join(folder, name), "utf8"))
  passed += report.numPassedTests
  failed += report.numFailedTests
  for (const file of report.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === "failed") tell(file.name, test.fullName, test.failureMessages[0])
    }
    // A file that fails before its first test, such as one that finds no server.
    if (file.status !== "failed" || file.assertionResults.length > 0) continue
    failed += 1
    tell(file.name, "before its first test", file.message)
  }
}
console.log(`${passed} passed, ${failed} failed`)
