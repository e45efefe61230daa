import { realEnsemble } from "./Backend.ts"
import { contract } from "./contract.ts"

contract("a real ensemble", realEnsemble)
