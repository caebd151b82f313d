// The `Cluster` document: replicas of one vendor that answer alike, how to find them and how to treat them.
import { type Static, Type } from 'typebox'
import { ASSURANCES, DATA_CLASSES, ERAS } from '#routes/route-table.ts'
import { discovery } from './discovery.ts'
import { closed, policyDocument } from './document.ts'
import { addresses, tls } from './reach.ts'
import { count, duration, percentage, share, text, urlPath } from './scalars.ts'

const health = closed(
  {
    interval: duration({
      least: '100ms',
      most: '1h',
      default: '5s',
      description:
        'Time between two checks of one replica. A router repeats at most 25 a second (`--max-checks`), so very many replicas are each asked less often: 10,000 every 400 s. One that calls find broken is asked at once.',
    }),
    timeout: duration({
      least: '10ms',
      most: '10m',
      default: '2s',
      description:
        'How long one check may take; one that also finds out eras and tools may take three times as long. The next begins an interval after it has ended.',
    }),
    rise: count({
      least: 1,
      most: 100,
      default: 2,
      description: 'Successes in a row that bring a replica back.',
    }),
    fall: count({
      least: 1,
      most: 100,
      default: 3,
      description: 'Failures in a row that take a replica out.',
    }),
    path: Type.Optional(
      urlPath({
        description:
          'Plain HTTP path to GET instead of speaking MCP. Without it a check proves that the replica speaks MCP.',
      }),
    ),
  },
  { default: {}, description: "The router's own checks." },
)

const lists = closed(
  {
    minTtl: duration({
      least: '0ms',
      most: '1h',
      default: '1s',
      description:
        'Lists of tools, prompts and resources are believed for so long at least, whatever the replicas say. One that has just ceased to hold is served for as long again while it is asked for anew.',
    }),
    maxTtl: duration({
      least: '0ms',
      most: '24h',
      default: '5m',
      description: 'No longer than this, whatever the replicas say. Not shorter than `minTtl`.',
    }),
    public: Type.Boolean({
      default: false,
      description:
        'True: a list that the replicas say is public (`cacheScope`) is told to callers as that. Otherwise every list is private.',
    }),
  },
  { default: {}, description: 'For how long its lists hold.' },
)

const ejection = closed(
  {
    consecutiveFaults: count({
      least: 1,
      most: 10_000,
      default: 5,
      description:
        'Faults in a row that eject a replica: no connection, no answer in time or at all, a broken answer, 500 and above, and the JSON-RPC error -32603.',
    }),
    minSuccessRate: share({
      default: 0.8,
      description:
        'Share of calls that must not be faults within the window, once it holds five. An answer of 429 counts against it, but is no fault in a row.',
    }),
    window: duration({
      least: '1s',
      most: '1h',
      default: '10s',
      description: 'Time over which the success rate is taken.',
    }),
    base: duration({
      least: '100ms',
      most: '1h',
      default: '1s',
      description:
        'Longest that a first ejection lasts; each further one may last twice as long as the one before. Chance shortens each by up to half.',
    }),
    max: duration({
      least: '100ms',
      most: '24h',
      default: '60s',
      description: 'Longest ejection. Not shorter than the base.',
    }),
    maxEjected: percentage({
      default: '50%',
      description:
        'Largest share of the replicas in service that may be out at once; one at least where there are two or more. What would be one too many stays in service, and is shown.',
    }),
  },
  {
    default: {},
    description:
      'When calls themselves show that a replica is bad, it is given none for a while, then one to see, and after a good answer more and more.',
  },
)

const connections = closed(
  {
    perEndpoint: count({
      least: 1,
      most: 100_000,
      default: 64,
      description: 'Calls that may wait for a first byte at one replica at once.',
    }),
    minPerEndpoint: Type.Optional(
      count({
        least: 1,
        most: 100_000,
        description:
          'A replica that answers 429 or 503, not in time, or refuses connections is given fewer calls at once, and one more for as many that go well; never fewer than this. 4 when absent, or perEndpoint where that is less. Not more than perEndpoint.',
      }),
    ),
    streams: count({
      least: 1,
      most: 1_000_000,
      default: 4_096,
      description: 'Open streams at one replica, beside its calls.',
    }),
    sessions: count({
      least: 1,
      most: 1_000_000,
      default: 4_096,
      description:
        'Legacy sessions that callers may hold open at its replicas through one router. Beyond that the one that was not used for longest of the address that holds most is ended, and its caller told 404, on which clients open a new one.',
    }),
    shareSessions: Type.Boolean({
      default: false,
      description:
        'Legacy servers that keep sessions get one for each call whose caller has none. With true it is kept for a while and used again, by one call at a time of whatever caller: only for servers that keep nothing in a session which another caller must not find. Has no place where clearance is confidential or restricted, or assurance is high.',
    }),
    queue: count({
      least: 0,
      most: 1_000_000,
      default: 1_024,
      description:
        'Calls that may wait for a free slot in the cluster. With 0, `wait` has no place.',
    }),
    wait: duration({
      least: '0ms',
      most: '10m',
      default: '5s',
      description: 'How long a call may wait there, within its deadline.',
    }),
  },
  { default: {}, description: 'How much a replica is given to do at once.' },
)

const timeouts = closed(
  {
    firstByte: duration({
      least: '10ms',
      most: '1h',
      default: '60s',
      description:
        "From sending a call to the first byte of its answer: the replica's own limit, within the deadline of the call.",
    }),
    idle: duration({
      least: '10ms',
      most: '24h',
      default: '5m',
      description: 'Longest silence within a stream.',
    }),
  },
  { default: {}, description: 'How long the router waits for a replica.' },
)

const retry = closed(
  {
    max: count({
      least: 0,
      most: 3,
      default: 1,
      description:
        'Times that one call may be sent again. 0: never; then nothing else stands here.',
    }),
    budget: percentage({
      default: '10%',
      description: 'Retries for a hundred calls, over the last two seconds.',
    }),
    minPerSecond: count({
      least: 0,
      most: 1_000,
      default: 5,
      description: 'Retries that may be made however few calls there are.',
    }),
    maxConcurrent: percentage({
      default: '20%',
      description:
        'Share of the calls in flight that may be retries; three may be, however few there are.',
    }),
  },
  {
    default: {},
    description:
      'How much may be sent a second time: what a replica says it did not run, and what got no answer where that is safe (see `Tool`). What could not be sent at all goes to another replica whatever stands here, to three at most, for ten calls of a hundred and 20 a second.',
  },
)

const deadline = closed(
  {
    default: duration({
      least: '50ms', // a call with less than 20 left is not begun
      most: '24h',
      default: '60s',
      description:
        'From the arrival of a call to the end of its answer. `notifications/progress` of its tool gives as much again. Not longer than `max`.',
    }),
    max: duration({
      least: '50ms',
      most: '24h',
      default: '10m',
      description: 'The most that progress can make of it. No call lasts longer.',
    }),
  },
  {
    description:
      'By when a call must be over, wherever it is then: waiting, sent or streaming. A caller may ask for less with `x-ringmain-deadline-ms`. Absent: 60s and 10m, or `timeouts.firstByte` where that is longer.',
  },
)

const spec = closed(
  {
    vendor: Type.Optional(
      text({
        pattern: '^[a-z0-9][a-z0-9._-]*$',
        most: 63,
        expects: 'lower-case letters, digits and ._-, at most 63',
        description: "Who runs the tools behind it. The cluster's own name when absent.",
      }),
    ),
    discovery,
    addresses: Type.Optional(addresses),
    tls: Type.Optional(tls),
    clearance: Type.Enum([...DATA_CLASSES], {
      default: 'internal',
      description: 'Highest data class its replicas may carry. Recorded and shown.',
    }),
    assurance: Type.Enum([...ASSURANCES], {
      default: 'standard',
      description: 'What its path guarantees. Recorded and shown.',
    }),
    path: urlPath({
      default: '/mcp',
      description: 'Path of the MCP endpoint on each replica, unless the replica names its own.',
    }),
    eras: Type.Optional(
      Type.Array(Type.Enum([...ERAS]), {
        minItems: 1,
        uniqueItems: true,
        description: 'Protocol eras that the replicas speak. The router asks them when absent.',
      }),
    ),
    lists,
    toolLists: Type.Enum(['agree', 'any'], {
      default: 'agree',
      description:
        'agree: replicas whose list of tools differs from that of most others, or is not known while theirs is, are set apart and get no calls. any: every replica is given calls, for servers whose lists vary by themselves.',
    }),
    health,
    ejection,
    connections,
    retry,
    timeouts,
    deadline: Type.Optional(deadline),
  },
  { description: 'What the cluster is.' },
)

export const ClusterDocument = policyDocument(
  'Cluster',
  spec,
  'Interchangeable replicas of one vendor: where they are found, how they are checked, what they are given to do.',
)
export type ClusterDocument = Static<typeof ClusterDocument>
