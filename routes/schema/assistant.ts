// The `Assistant` document: by which of its own words a caller's software is known, and what it is shown otherwise than others are.
import { type Static, Type } from 'typebox'
import { SHIMS } from '#routes/route-table.ts'
import { closed, policyDocument } from './document.ts'
import { text } from './scalars.ts'

const words = (what: string, description: string) =>
  Type.Array(
    text({
      pattern: '^[\\x21-\\x29\\x2b-\\x7e]([\\x20-\\x29\\x2b-\\x7e]*[\\x21-\\x29\\x2b-\\x7e])?\\*?$',
      most: 128,
      expects: `${what} in visible ASCII, or its beginning and then "*", at most 128`,
      description: 'A whole one, or its beginning.',
    }),
    { minItems: 1, maxItems: 100, uniqueItems: true, description },
  )

const spec = closed(
  {
    recognizedBy: Type.Object(
      {
        clients: Type.Optional(
          words(
            'the name that a client gives of itself',
            'Names by `clientInfo.name`, or beginnings such as `claude*`. A whole name goes before a beginning, a longer beginning before a shorter one.',
          ),
        ),
        userAgents: Type.Optional(
          words(
            'the header User-Agent',
            'The same for the header `User-Agent`. It counts where no document names the client.',
          ),
        ),
      },
      {
        additionalProperties: false,
        minProperties: 1,
        description:
          'What its requests say of themselves. Anybody can say it: it is a hint and no proof, and decides what is shown, never what is allowed.',
      },
    ),
    shims: Type.Array(Type.Enum([...SHIMS]), {
      minItems: 1,
      maxItems: SHIMS.length,
      uniqueItems: true,
      description:
        '`portable-names`: names of tools and prompts that are not 64 letters, digits, "_" and "-" at most are put into such. `flat-schemas`: input schemas without `anyOf`, `oneOf` and `allOf` at the top. `inlined-schemas`: input schemas without `$ref`. `text-results`: what a tool gives as structured content alone stands in its text as well.',
    }),
  },
  { description: 'By what it is known, and what is done for it.' },
)

export const AssistantDocument = policyDocument(
  'Assistant',
  spec,
  "What one maker's software needs otherwise than the protocol has it. Everybody else is served as without it.",
)
export type AssistantDocument = Static<typeof AssistantDocument>
