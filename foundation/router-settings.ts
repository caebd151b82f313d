// Process settings: what a router is started with. Policy is another thing and lives in documents.
// One list gives the command's flags, the variables, the defaults and the reference page.

export interface Setting {
  /** Long flag of `ringmain router`, without the dashes. */
  readonly flag: string
  readonly env: `RINGMAIN_${string}`
  readonly kind:
    | 'text'
    | 'hosts'
    | 'origins'
    | 'urls'
    | 'host'
    | 'choice'
    | 'port'
    | 'count'
    | 'bytes'
    | 'duration'
    | 'secret'
  /** The words of a choice. */
  readonly choices?: readonly string[]
  readonly placeholder: string
  readonly fallback?: string
  readonly says: string
}

export const routerSettings = {
  policies: {
    flag: 'policies',
    env: 'RINGMAIN_POLICIES',
    kind: 'text',
    placeholder: 'DIR',
    says: 'Folder of policy documents; watched.',
  },
  host: {
    flag: 'host',
    env: 'RINGMAIN_HOST',
    kind: 'text',
    placeholder: 'ADDRESS',
    fallback: '127.0.0.1',
    says: 'Address of the MCP listener.',
  },
  adminHost: {
    flag: 'admin-host',
    env: 'RINGMAIN_ADMIN_HOST',
    kind: 'text',
    placeholder: 'ADDRESS',
    fallback: '127.0.0.1',
    says: 'Address of the admin listener.',
  },
  exposeWithoutAuth: {
    flag: 'expose-without-auth',
    env: 'RINGMAIN_EXPOSE_WITHOUT_AUTH',
    kind: 'choice',
    choices: ['yes', 'no'],
    placeholder: 'yes|no',
    fallback: 'no',
    says: 'yes: listen beyond loopback although callers are not authenticated; something in front must do that.',
  },
  port: {
    flag: 'port',
    env: 'RINGMAIN_PORT',
    kind: 'port',
    placeholder: 'N',
    fallback: '7400',
    says: 'Port of the MCP listener; 0 picks a free one.',
  },
  adminPort: {
    flag: 'admin-port',
    env: 'RINGMAIN_ADMIN_PORT',
    kind: 'port',
    placeholder: 'N',
    fallback: '7402',
    says: 'Port of the admin listener; 0 picks a free one.',
  },
  state: {
    flag: 'state',
    env: 'RINGMAIN_STATE',
    kind: 'text',
    placeholder: 'DIR',
    fallback: '.ringmain',
    says: 'Folder for what outlives a restart: last good sets, session key.',
  },
  zone: {
    flag: 'zone',
    env: 'RINGMAIN_ZONE',
    kind: 'text',
    placeholder: 'NAME',
    says: 'Zone that this router stands in: replicas of the same zone are called first.',
  },
  region: {
    flag: 'region',
    env: 'RINGMAIN_REGION',
    kind: 'text',
    placeholder: 'NAME',
    says: 'Region of that zone: its replicas come after those of the zone, and before all others.',
  },
  node: {
    flag: 'node',
    env: 'RINGMAIN_NODE',
    kind: 'text',
    placeholder: 'NAME',
    says: 'Host that this router runs on, as Consul names its node: replicas there are called before all others. The name of the host where --zone or --region is given.',
  },
  datacenter: {
    flag: 'datacenter',
    env: 'RINGMAIN_DATACENTER',
    kind: 'text',
    placeholder: 'NAME',
    says: 'Consul datacenter that this router stands in: the nearest one of a cluster that names several. The first that the cluster names when absent.',
  },
  consul: {
    flag: 'consul',
    env: 'RINGMAIN_CONSUL',
    kind: 'urls',
    placeholder: 'URL,…',
    fallback: 'http://127.0.0.1:8500',
    says: 'Consul agents to ask, in order of preference.',
  },
  consulToken: {
    flag: 'consul-token',
    env: 'RINGMAIN_CONSUL_TOKEN',
    kind: 'secret',
    placeholder: 'TOKEN',
    says: 'ACL token for Consul; needs service:read and node:read. Better given as RINGMAIN_CONSUL_TOKEN_FILE.',
  },
  consulTokenFile: {
    flag: 'consul-token-file',
    env: 'RINGMAIN_CONSUL_TOKEN_FILE',
    kind: 'text',
    placeholder: 'FILE',
    says: 'File with that token; read again when Consul refuses, so that a new token needs no restart.',
  },
  consulCa: {
    flag: 'consul-ca',
    env: 'RINGMAIN_CONSUL_CA',
    kind: 'text',
    placeholder: 'FILE',
    says: 'PEM file of the authorities that https:// agents are checked against, in place of the well-known ones.',
  },
  consulCert: {
    flag: 'consul-cert',
    env: 'RINGMAIN_CONSUL_CERT',
    kind: 'text',
    placeholder: 'FILE',
    says: 'PEM file of a certificate to show to the agents, where they ask for one.',
  },
  consulKey: {
    flag: 'consul-key',
    env: 'RINGMAIN_CONSUL_KEY',
    kind: 'text',
    placeholder: 'FILE',
    says: 'PEM file of the key of that certificate.',
  },
  consulServerName: {
    flag: 'consul-server-name',
    env: 'RINGMAIN_CONSUL_SERVER_NAME',
    kind: 'host',
    placeholder: 'NAME',
    says: "Name in the agents' certificate, where it is not the host of their URL, such as server.dc1.consul.",
  },
  sessionKey: {
    flag: 'session-key',
    env: 'RINGMAIN_SESSION_KEY',
    kind: 'secret',
    placeholder: 'BASE64',
    says: '32 bytes that seal session ids and cursors; made and kept in the state folder when absent. Routers behind one address must share it.',
  },
  allowHosts: {
    flag: 'allow-hosts',
    env: 'RINGMAIN_ALLOW_HOSTS',
    kind: 'hosts',
    placeholder: 'NAME,…',
    fallback: 'localhost,127.0.0.1,::1',
    says: 'Host header names that are served, without the port.',
  },
  allowOrigins: {
    flag: 'allow-origins',
    env: 'RINGMAIN_ALLOW_ORIGINS',
    kind: 'origins',
    placeholder: 'ORIGIN,…',
    fallback: '',
    says: 'Origins that browsers may call from, besides those of the allowed hosts.',
  },
  maxBody: {
    flag: 'max-body',
    env: 'RINGMAIN_MAX_BODY',
    kind: 'bytes',
    placeholder: 'BYTES',
    fallback: '4194304',
    says: 'Largest request body.',
  },
  maxConnections: {
    flag: 'max-connections',
    env: 'RINGMAIN_MAX_CONNECTIONS',
    kind: 'count',
    placeholder: 'N',
    fallback: '10000',
    says: 'Most connections of callers at once.',
  },
  maxConnectionsPerAddress: {
    flag: 'max-connections-per-address',
    env: 'RINGMAIN_MAX_CONNECTIONS_PER_ADDRESS',
    kind: 'count',
    placeholder: 'N',
    fallback: '5000',
    says: 'Most of them from one address, so that one caller cannot take them all. Behind a proxy every caller has its address.',
  },
  maxChecks: {
    flag: 'max-checks',
    env: 'RINGMAIN_MAX_CHECKS',
    kind: 'count',
    placeholder: 'N',
    fallback: '25',
    says: 'Most health checks a second of replicas that were checked before, all clusters together; more replicas than fit are each checked less often.',
  },
  headersTimeout: {
    flag: 'headers-timeout',
    env: 'RINGMAIN_HEADERS_TIMEOUT',
    kind: 'duration',
    placeholder: 'TIME',
    fallback: '5s',
    says: 'How long a caller may take to send its headers.',
  },
  requestTimeout: {
    flag: 'request-timeout',
    env: 'RINGMAIN_REQUEST_TIMEOUT',
    kind: 'duration',
    placeholder: 'TIME',
    fallback: '30s',
    says: 'How long a caller may take to send a whole request.',
  },
  writeTimeout: {
    flag: 'write-timeout',
    env: 'RINGMAIN_WRITE_TIMEOUT',
    kind: 'duration',
    placeholder: 'TIME',
    fallback: '30s',
    says: 'How long a caller may leave unread what waits for it, in all for each 256 KiB that it takes; then its connection is cut.',
  },
  drainGrace: {
    flag: 'drain-grace',
    env: 'RINGMAIN_DRAIN_GRACE',
    kind: 'duration',
    placeholder: 'TIME',
    says: 'How long calls are still served after SIGTERM, while /readyz says 503 already, so that what is in front can turn elsewhere first. In the second half answers end their connections, one after another. Not at all when absent.',
  },
  drain: {
    flag: 'drain',
    env: 'RINGMAIN_DRAIN',
    kind: 'duration',
    placeholder: 'TIME',
    fallback: '60s',
    says: 'How long calls in flight may take to finish after SIGTERM and the grace.',
  },
  logLevel: {
    flag: 'log-level',
    env: 'RINGMAIN_LOG_LEVEL',
    kind: 'choice',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    placeholder: 'LEVEL',
    fallback: 'info',
    says: 'Least severe lines that are logged: trace, debug, info, warn, error or silent.',
  },
} as const satisfies Record<string, Setting>
