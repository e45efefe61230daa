/** The payload of an instance: any JSON, or a value of a schema, which is loaded only where there is one. */
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"

/** Between a payload and its JSON; failures say why in words. */
export interface Payload<P> {
  readonly encode: (payload: P) => Effect.Effect<unknown, string>
  readonly decode: (json: unknown) => Effect.Effect<P, string>
}

/** It takes more memory than all recipes (9 and 6 MiB, measured); a program that has a schema has loaded it anyway. */
const ofSchema = <P>(schema: Schema.Codec<P, unknown>): Effect.Effect<Payload<P>> =>
  Effect.map(
    Effect.promise(() => import("effect/Schema")),
    (Schema) => {
      const encode = Schema.encodeEffect(schema)
      const decode = Schema.decodeUnknownEffect(schema)
      return {
        encode: (payload) => Effect.mapError(encode(payload), ({ message }) => message),
        decode: (json) => Effect.mapError(decode(json), ({ message }) => message)
      }
    }
  )

/** Without a schema the type is `unknown`: see `Options`. */
const anything: Payload<never> = {
  encode: (payload) => Effect.succeed(payload),
  decode: (json) => Effect.succeed(json as never)
}

export const payloadOf = <P>(schema: Schema.Codec<P, unknown> | undefined): Effect.Effect<Payload<P>> =>
  schema === undefined ? Effect.succeed(anything as unknown as Payload<P>) : ofSchema(schema)
