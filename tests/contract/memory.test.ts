import { memory } from "./Backend.ts"
import { contract } from "./contract.ts"

contract("the in-process server in memory", memory)
