import { realServer } from "./Backend.ts"
import { contract } from "./contract.ts"

contract("a real server", realServer)
