/** An instance in the JSON of Curator's JsonInstanceSerializer. */
import * as Option from "effect/Option"
import type { ServiceInstance, ServiceType } from "../ServiceInstance.ts"
import * as UriSpec from "./uriSpec.ts"

/** Fails with what JSON.stringify throws, for a payload that is no JSON. */
export const write = (instance: ServiceInstance): string => {
  const { address, enabled, id, name, payload, port, registrationTimeUTC, serviceType, sslPort, uriSpec } = instance
  return JSON.stringify({
    name,
    id,
    address: address ?? null,
    port: port ?? null,
    sslPort: sslPort ?? null,
    payload: payload ?? null,
    registrationTimeUTC,
    serviceType,
    uriSpec: uriSpec === undefined ? null : { parts: UriSpec.toParts(uriSpec) },
    // Curators that do not know the field refuse the whole instance (CURATOR-275), so only where it says something.
    ...(enabled ? {} : { enabled })
  })
}

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isNone = (value: unknown): value is undefined | null => value === undefined || value === null

const types: ReadonlyArray<unknown> = [
  "DYNAMIC",
  "STATIC",
  "PERMANENT",
  "DYNAMIC_SEQUENTIAL"
] satisfies Array<ServiceType>

const isUriSpec = (value: unknown): value is { readonly parts: ReadonlyArray<UriSpec.Part> } =>
  isObject(value) &&
  Array.isArray(value["parts"]) &&
  value["parts"].every(
    (part) => isObject(part) && typeof part["value"] === "string" && typeof part["variable"] === "boolean"
  )

/** The fields that may be left out, with what they must be where they are not. */
const optional: Readonly<Record<string, (value: unknown) => boolean>> = {
  address: (value) => typeof value === "string",
  port: (value) => typeof value === "number",
  sslPort: (value) => typeof value === "number",
  registrationTimeUTC: (value) => typeof value === "number",
  serviceType: (value) => types.includes(value),
  uriSpec: isUriSpec,
  enabled: (value) => typeof value === "boolean"
}

const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/** Fields as they were checked. */
interface Checked {
  readonly name: string
  readonly id: string
  readonly address?: string | null
  readonly port?: number | null
  readonly sslPort?: number | null
  readonly payload?: unknown
  readonly registrationTimeUTC?: number | null
  readonly serviceType?: ServiceType | null
  readonly uriSpec?: { readonly parts: ReadonlyArray<UriSpec.Part> } | null
  readonly enabled?: boolean | null
}

const fill = (fields: Checked): ServiceInstance => ({
  name: fields.name,
  id: fields.id,
  address: fields.address ?? undefined,
  port: fields.port ?? undefined,
  sslPort: fields.sslPort ?? undefined,
  payload: fields.payload ?? null,
  registrationTimeUTC: fields.registrationTimeUTC ?? 0,
  serviceType: fields.serviceType ?? "DYNAMIC",
  uriSpec: isNone(fields.uriSpec) ? undefined : UriSpec.fromParts(fields.uriSpec.parts),
  enabled: fields.enabled ?? true
})

/** The instance, or why it is none. Fields that Curator does not have do not matter, as to Curator. */
export const read = (text: string): ServiceInstance | string => {
  const value = Option.getOrUndefined(parse(text))
  if (!isObject(value)) return "it is no JSON object"
  for (const field of ["name", "id"]) {
    if (typeof value[field] !== "string" || value[field] === "") return `it has no ${field}`
  }
  const wrong = Object.entries(optional).find(([field, isGood]) => !isNone(value[field]) && !isGood(value[field]))
  return wrong === undefined ? fill(value as unknown as Checked) : `${wrong[0]} is ${JSON.stringify(value[wrong[0]])}`
}
