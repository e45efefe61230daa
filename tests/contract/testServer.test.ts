import { testServer } from "./Backend.ts"
import { contract } from "./contract.ts"

contract("the in-process server over TCP", testServer)
