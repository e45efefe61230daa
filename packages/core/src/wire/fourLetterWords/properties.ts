/** The words that are answered with keys and values: conf, envi, mntr and dirs. */
import { linesOf, numberOf } from "./lines.ts"

/** The space that snapshots and logs take, in bytes. */
export interface Dirs {
  readonly dataDirSize: number
  readonly logDirSize: number
}

const split = (text: string, separator: string): Record<string, string> => {
  const properties: Record<string, string> = {}
  for (const line of linesOf(text)) {
    const at = line.indexOf(separator)
    if (at > 0) properties[line.slice(0, at).trim()] = line.slice(at + 1).trim()
  }
  return properties
}

/** Values hold `=` themselves (class paths), keys do not. */
export const parseProperties = (text: string): Readonly<Record<string, string>> | undefined => {
  const properties = split(text, "=")
  return Object.keys(properties).length === 0 ? undefined : properties
}

/** Every key is kept as it is; which there are depends on the server's version, role and traffic. */
export const parseMetrics = (text: string): Readonly<Record<string, number | string>> | undefined => {
  const metrics = Object.entries(split(text, "\t")).map(([key, value]) => [key, numberOf(value) ?? value] as const)
  return metrics.length === 0 ? undefined : Object.fromEntries(metrics)
}

export const parseDirs = (text: string): Dirs | undefined => {
  const { datadir_size: data, logdir_size: log } = split(text, ":")
  const [dataDirSize, logDirSize] = [numberOf(data), numberOf(log)]
  return dataDirSize === undefined || logDirSize === undefined ? undefined : { dataDirSize, logDirSize }
}
