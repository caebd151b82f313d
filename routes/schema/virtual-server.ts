// The `VirtualServer` document: what a caller sees at one path. The order of its clusters is the order of the merged lists.
import { type Static, Type } from 'typebox'
import { CRITICALITIES } from '#routes/criticality.ts'
import { closed, policyDocument } from './document.ts'
import { name, text } from './scalars.ts'

const member = Type.Union(
  [
    name('Name of a cluster.'),
    closed(
      {
        cluster: name('Name of a cluster.'),
        prefix: Type.Optional(
          text({
            pattern: '^[A-Za-z][A-Za-z0-9-]*(_[A-Za-z0-9-]+)*$',
            most: 63,
            expects:
              'a letter, then letters, digits, "-" and single "_" between them, at most 63 ("__" ends the prefix in a tool\'s name)',
            description:
              "Stands before `__` in the names of its tools. The cluster's name when absent.",
          }),
        ),
      },
      { description: 'A cluster under a prefix of its own.' },
    ),
  ],
  { 'x-expects': "a cluster's name, or a mapping with cluster and prefix" },
)

const spec = closed(
  {
    clusters: Type.Array(member, {
      minItems: 1,
      maxItems: 1_000,
      description: 'Clusters whose tools are offered, in the order of the merged lists.',
    }),
    naming: Type.Optional(
      Type.Enum(['prefix', 'plain'], {
        description:
          '`prefix`: tools are called `<prefix>__<tool>`. `plain`: as the replicas call them. When absent, plain for one cluster and prefix for several.',
      }),
    ),
    names: Type.Enum(['any', 'portable'], {
      default: 'any',
      description:
        '`portable`: only tools and prompts whose names on the wire have at most 64 letters, digits, "_" and "-" are offered, which is what every assistant takes. The others are left out.',
    }),
    partialLists: Type.Enum(['serve', 'fail'], {
      default: 'serve',
      description:
        '`serve`: while a cluster gives no list, those of the others are served, and it is named in `_meta` under `dev.ringmain/unavailable`. `fail`: the list is an error until all give theirs.',
    }),
    criticality: Type.Enum([...CRITICALITIES], {
      default: 'critical',
      description:
        'What its calls are worth when the router cannot serve all: `sheddable` is refused first, then `sheddable_plus`, then `critical`. A caller may ask for less with the header `x-ringmain-criticality`, never for more.',
    }),
    instructions: Type.Optional(
      text({
        most: 16_384,
        expects: 'text of at most 16384 characters',
        description: 'Told to the assistant when it connects.',
      }),
    ),
  },
  { description: 'What is offered.' },
)

export const VirtualServerDocument = policyDocument(
  'VirtualServer',
  spec,
  'What a caller sees at one path: `/mcp` for the one named `default`, `/mcp/<name>` for any other.',
)
export type VirtualServerDocument = Static<typeof VirtualServerDocument>
