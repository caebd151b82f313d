// What every policy document has around its `spec`. The kind decides which schema the rest is held to.
import { type TSchema, Type } from 'typebox'
import { name, text } from './scalars.ts'

export const API_VERSION = 'ringmain.dev/v1'

/** An object that refuses keys it does not know: a misspelt key must never be ignored. */
export function closed<Properties extends Record<string, TSchema>>(
  properties: Properties,
  options: { readonly description?: string; readonly default?: object } = {},
) {
  return Type.Object(properties, { additionalProperties: false, ...options })
}

export function policyDocument<Kind extends string, Spec extends TSchema>(
  kind: Kind,
  spec: Spec,
  description: string,
) {
  return closed(
    {
      apiVersion: Type.Literal(API_VERSION, { description: 'Version of the document format.' }),
      kind: Type.Literal(kind, { description: 'What the document describes.' }),
      metadata: closed(
        {
          name: name('Unique among the documents of its kind.'),
          owner: Type.Optional(
            text({
              pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{N} ._@/-]*$',
              most: 128,
              expects: 'letters, digits, spaces and ._@/-, at most 128',
              description: 'Team to ask about it. Shown, never evaluated.',
            }),
          ),
        },
        { description: 'Who the document is.' },
      ),
      spec,
    },
    { description },
  )
}
