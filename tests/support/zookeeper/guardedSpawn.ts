/**
 * Starts a process that does not outlive this one, however this one ends.
 *
 * A guard waits for the end of its standard input, which the kernel brings about when this process is gone, and then
 * kills; no exit handler is needed, and a frozen server is caught too.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"

/** Output goes to the file `log`. */
export const guardedSpawn = (command: string, args: ReadonlyArray<string>, cwd: string, log: string): ChildProcess => {
  const output = fs.openSync(log, "a")
  const child = spawn(command, args, { cwd, stdio: ["ignore", output, output] })
  fs.closeSync(output)
  if (child.pid === undefined) return child
  const guard = spawn("sh", ["-c", 'read _; kill -KILL "$0" 2>/dev/null', `${child.pid}`], {
    stdio: ["pipe", "ignore", "ignore"],
    // Out of reach of the terminal's interrupts.
    detached: true
  })
  child.once("exit", () => guard.kill("SIGKILL"))
  guard.unref()
  child.unref()
  return child
}
