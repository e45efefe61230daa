/** Node alone, for the memory that is not any client's. */
import type { Result } from "../spec.ts"
import { idle } from "./memory.ts"

export const run = (): Promise<Result> => idle()
