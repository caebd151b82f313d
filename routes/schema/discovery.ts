// Where a cluster's replicas are found. Exactly one source: two of them would disagree, and nothing could say which is right.
import { Type } from 'typebox'
import { closed } from './document.ts'
import { count, duration, httpUrl, text } from './scalars.ts'

const place = (description: string) =>
  text({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
    most: 64,
    expects: 'letters, digits and ._-, at most 64',
    description,
  })

const serviceName = (description: string) =>
  text({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
    most: 128,
    expects: 'letters, digits and ._-, at most 128',
    description,
  })

const endpoint = Type.Union(
  [
    httpUrl('URL of the MCP endpoint.'),
    closed(
      {
        url: httpUrl("URL of the MCP endpoint. Without a path the cluster's path applies."),
        weight: count({
          least: 1,
          most: 1_000,
          default: 1,
          description: "Its share of the calls, as a multiple of a sibling's.",
        }),
        zone: Type.Optional(place('Zone that it stands in: near ones are called first.')),
        region: Type.Optional(place('Region of that zone.')),
      },
      { description: 'A replica with a weight or a place.' },
    ),
  ],
  { 'x-expects': 'a URL, or a mapping with url, weight, zone and region' },
)

const datacenter = (description: string) =>
  text({
    pattern: '^[A-Za-z0-9_-]+$',
    most: 64,
    expects: 'letters, digits, "_" and "-", at most 64',
    description,
  })

const consul = closed(
  {
    service: serviceName('Service name in the catalog.'),
    filter: Type.Optional(
      text({
        pattern: String.raw`^[^\ud800-\udfff]*$`, // half a character cannot be asked for in a URL
        most: 4_096,
        expects: 'a Consul filter expression of whole characters',
        description: "Consul's own filter expression over service, node and checks.",
      }),
    ),
    datacenter: Type.Optional(datacenter("The agent's own when absent.")),
    datacenters: Type.Optional(
      Type.Array(datacenter('Name of a datacenter.'), {
        minItems: 1,
        maxItems: 16,
        uniqueItems: true,
        description:
          "In place of `datacenter`: each is watched, and one that is lost keeps its last set. The nearest first: a later one takes the calls that those before it cannot. The router's own (`--datacenter`) comes before all others.",
      }),
    ),
  },
  { description: 'Replicas that are registered in Consul.' },
)

const dns = closed(
  {
    name: text({
      pattern:
        '^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\\.?$',
      most: 253,
      expects: 'a DNS name',
      description: 'Name to look up.',
    }),
    type: Type.Enum(['A', 'AAAA', 'SRV'], {
      default: 'A',
      description: 'Record type. SRV records carry port and weight themselves.',
    }),
    port: Type.Optional(
      count({
        least: 1,
        most: 65_535,
        description: 'Port of each address. Needed for A and AAAA, refused for SRV.',
      }),
    ),
    refresh: duration({
      least: '100ms',
      most: '1h',
      default: '10s',
      description: 'Time between two look-ups.',
    }),
    server: Type.Optional(
      text({
        pattern: '^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$',
        expects: 'host:port, or [IPv6]:port',
        description: "Resolver to ask. The system's when absent.",
      }),
    ),
  },
  { description: 'Replicas that a DNS name points at.' },
)

const registry = closed(
  {
    file: text({
      most: 1_024,
      expects: 'the path of a file',
      description: 'Registry file, watched. Relative to the folder of the policy documents.',
    }),
    service: serviceName('Service name in that file.'),
  },
  { description: 'Replicas that register themselves in a watched file.' },
)

export const discovery = Type.Object(
  {
    endpoints: Type.Optional(
      Type.Array(endpoint, {
        minItems: 1,
        maxItems: 10_000,
        description: 'Replicas written into the document itself.',
      }),
    ),
    consul: Type.Optional(consul),
    dns: Type.Optional(dns),
    registry: Type.Optional(registry),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    description: 'Where the replicas are found: exactly one of the sources.',
  },
)
