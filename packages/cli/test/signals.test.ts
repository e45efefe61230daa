/** Signals go to whoever has taken them, also those that arrive while they change hands. */
import { afterEach, assert, describe, it } from "@effect/vitest"
import { take } from "../src/exec/signals.ts"

const SIGNAL = "SIGUSR2"

const got: Array<string> = []
const old = () => void got.push("old")

/** Sends the signal and does something before this process is told of it. */
const during = (change: () => void) => {
  process.kill(process.pid, SIGNAL)
  change()
}

/** Signals are told between turns. */
const told = async (count: number) => {
  for (const end = Date.now() + 20_000; got.length < count && Date.now() < end;) {
    // oxlint-disable-next-line no-await-in-loop -- a turn after another is what is waited for
    await new Promise((resolve) => setImmediate(resolve))
  }
  return got.splice(0)
}

describe("signals", () => {
  afterEach(() => {
    process.removeAllListeners(SIGNAL)
    got.length = 0
  })

  it("are nobody else's while they are taken, and go back to who had them", async () => {
    process.on(SIGNAL, old)
    const giveBack = take([SIGNAL], () => void got.push("new"))
    during(() => {})
    assert.deepStrictEqual(await told(1), ["new"])
    giveBack()
    during(() => {})
    assert.deepStrictEqual(await told(1), ["old"])
    assert.strictEqual(process.listenerCount(SIGNAL), 1)
  })

  it("are not lost when they arrive in the turn in which they are taken or given back", async () => {
    process.on(SIGNAL, old)
    let giveBack = () => {}
    during(() => {
      giveBack = take([SIGNAL], () => void got.push("new"))
    })
    assert.deepStrictEqual(await told(1), ["new"])
    during(giveBack)
    assert.deepStrictEqual(await told(1), ["old"])
  })
})
