/** Changing the ensemble: reconfig (16). Its configuration is read by getData of `/zookeeper/config`. */
import { type Codec, write } from "../Operation.ts"
import { type GetDataResponse, getDataResponse } from "./data.ts"

export interface ReconfigRequest {
  /** Servers to add or change, `server.4=host:2888:3888;2181,…`; null for none. */
  readonly joiningServers: string | null
  /** Ids of servers to remove, `1,2`; null for none. */
  readonly leavingServers: string | null
  /** A whole new membership, instead of the two above. */
  readonly newMembers: string | null
  /** The version of the configuration that this change is for; −1 for any. */
  readonly curConfigId: bigint
}

const reconfigRequest: Codec<ReconfigRequest> = {
  encode: (writer, value) => {
    writer.string(value.joiningServers)
    writer.string(value.leavingServers)
    writer.string(value.newMembers)
    writer.long(value.curConfigId)
  },
  decode: (reader) => ({
    joiningServers: reader.nullableString(),
    leavingServers: reader.nullableString(),
    newMembers: reader.nullableString(),
    curConfigId: reader.long()
  })
}

/** The answer is the new configuration: the data and Stat of `/zookeeper/config`. */
export const reconfig = write<ReconfigRequest, GetDataResponse>("reconfig", 16, reconfigRequest, getDataResponse)
