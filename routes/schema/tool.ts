// The `Tool` document: what calling some tools of a cluster does, and whether a call may be sent once more when no answer came.
import { type Static, Type } from 'typebox'
import { DURATION_PATTERN } from '#foundation/duration.ts'
import { EFFECTS, REPLAYS } from '#routes/route-table.ts'
import { closed, policyDocument } from './document.ts'
import { name, text } from './scalars.ts'

const spec = closed(
  {
    cluster: name('Cluster whose tools are meant.'),
    tools: Type.Array(
      text({
        pattern: '^(?:[A-Za-z0-9_./-]+|[A-Za-z0-9_./-]*\\*)$',
        most: 128,
        expects:
          'a tool\'s own name of letters, digits and _./-, or its beginning and then "*", at most 128',
        description: 'Own name of a tool, or its beginning.',
      }),
      {
        minItems: 1,
        maxItems: 1_000,
        uniqueItems: true,
        description:
          'Own names of tools, without the prefix of a virtual server, or beginnings such as `find_*`. A whole name goes before a beginning, a longer beginning before a shorter one.',
      },
    ),
    effect: Type.Enum([...EFFECTS], {
      default: 'write',
      description: 'read: a call changes nothing. write: it may.',
    }),
    replay: Type.Enum([...REPLAYS], {
      default: 'unsafe',
      description:
        'safe: the same call may run twice. A call that was sent and got no answer goes to another replica only where this says safe and the replicas list the tool as readOnlyHint or idempotentHint. Where the cluster retries nothing it is for `hedge` only.',
    }),
    hedge: Type.Optional(
      closed(
        {
          after: Type.String({
            pattern: `^p95$|${DURATION_PATTERN}`,
            'x-duration': { least: '1ms', most: '10m' },
            'x-expects': 'p95, or a duration from 1ms to 10m, such as 250ms, 3s, 5m or 1h',
            default: 'p95',
            description:
              'How long the first replica may be silent. p95: as long as 95 of 100 answers of the tool take, by its last 1,000. Never less than 20ms. Shorter than the deadline and `timeouts.firstByte` of the cluster.',
          }),
        },
        {
          description:
            'A slow call goes to a second replica as well, and the first answer is taken; off when absent. For tools that read and are safe to replay, of clusters of standard assurance, whose replicas list them as readOnlyHint; callers of the modern era only, and two calls of a hundred at most.',
        },
      ),
    ),
  },
  { description: 'Which tools, and what calling them does.' },
)

export const ToolDocument = policyDocument(
  'Tool',
  spec,
  'What calling tools of a cluster does. Without one a tool is taken to write, and its calls are never sent twice.',
)
export type ToolDocument = Static<typeof ToolDocument>
