// How a cluster's replicas may be reached: at which addresses, and with which certificates.
import { Type } from 'typebox'
import { closed } from './document.ts'
import { text } from './scalars.ts'

/** Labels with one dot between them, and no IP address: TLS asks for none by name (RFC 6066). */
const LABEL = '[A-Za-z0-9]+(-+[A-Za-z0-9]+)*'
const HOST_NAME = `^(?![0-9.]+$)${LABEL}(\\.${LABEL})*$`

const rule = Type.String({
  maxLength: 64,
  'x-address-rule': true,
  'x-expects':
    'loopback, private, public, link-local, or a range such as 10.20.0.0/16 or fd00:10::/32',
})

export const addresses = closed(
  {
    allow: Type.Array(rule, {
      minItems: 1,
      maxItems: 64,
      uniqueItems: true,
      description:
        "Kinds of address and ranges, all that are meant: nothing else is connected to. Special addresses, such as those of a cloud's metadata service, are reached only by a range that lies within their own.",
    }),
  },
  {
    description:
      'Addresses that its replicas may have. When absent: loopback, private and public for replicas that the document or a registry file names; private and public for those that Consul or DNS names.',
  },
)

export const tls = closed(
  {
    ca: Type.Optional(
      text({
        most: 1_024,
        expects: 'the path of a file',
        description:
          "PEM file of the authorities that signed the replicas' certificates; the system's when absent. Relative to the folder of the policy documents, and read again for each connection.",
      }),
    ),
    serverName: Type.Optional(
      text({
        pattern: HOST_NAME,
        most: 253,
        expects: 'a host name such as tools.internal, and no IP address',
        description: "Name that each certificate must carry. The replica's own host when absent.",
      }),
    ),
  },
  {
    description:
      'Its replicas are spoken to over TLS, those from Consul, DNS and a registry file too. Certificates are always verified.',
  },
)
