/** One cell in a process of its own: `node main.ts '<Spec as JSON>'` prints the Result as JSON. */
import type { Result, Spec } from "../spec.ts"

const spec = JSON.parse(process.argv[2]!) as Spec
const { run } = (await import(`./${spec.client}.ts`)) as { run: (spec: Spec) => Promise<Result> }
const result = await run(spec)
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
