import { testCluster } from "./Backend.ts"
import { contract } from "./contract.ts"

contract("the in-process cluster", testCluster)
