// Rooms and doors as data: what each room may import of the repository, and which packages it may import at all.
// Add a row, not an exception: what is not written here is not allowed, and a file in no room is a finding too.
export interface Room {
  /** A folder, or one file that is a room of its own; the longest that fits decides. */
  readonly name: string
  /** Rooms, or single files, besides its own. */
  readonly imports: readonly string[]
  /** Third-party packages; `@scope/*` allows a scope, `*` every package. */
  readonly packages: readonly string[]
  /** Node's own modules, where they are limited: a room that is pure reads no file and asks no clock. */
  readonly builtins?: readonly string[]
}

export const ROOMS: readonly Room[] = [
  // What both planes share and that knows nothing of MCP.
  { name: 'foundation', imports: [], packages: ['pino', '@opentelemetry/*'] },
  // The contract between the planes: pure, so that router and command line reach the same verdict.
  {
    name: 'routes',
    imports: ['foundation/refusals.ts', 'foundation/duration.ts'],
    packages: ['typebox', 'ajv', 'yaml'],
    builtins: ['node:crypto'],
  },
  {
    name: 'router/facts.ts',
    imports: ['router/answers.ts', 'router/capabilities.ts', 'routes', 'foundation'],
    packages: [],
  },
  {
    name: 'router/answers.ts',
    imports: ['router/facts.ts', 'router/pipeline', 'foundation'],
    packages: [],
  },
  { name: 'router/tool-facts.ts', imports: [], packages: [], builtins: [] },
  { name: 'router/capabilities.ts', imports: ['routes'], packages: [], builtins: [] },
  // What an attempt came to: one opinion for everybody who counts, blames or sends again.
  { name: 'router/outcome.ts', imports: ['router/facts.ts'], packages: [], builtins: [] },
  {
    name: 'router/retry-rules.ts',
    imports: ['router/facts.ts', 'router/outcome.ts', 'foundation/clock.ts'],
    packages: [],
    builtins: [],
  },
  // What is known of each method, for whoever must know it.
  {
    name: 'router/methods.ts',
    imports: ['router/facts.ts', 'routes'],
    packages: [],
    builtins: [],
  },
  // Whoever keeps something on disk writes it in the same way.
  { name: 'router/durable-file.ts', imports: [], packages: [] },
  // The kit knows nothing of MCP, HTTP or vendors.
  { name: 'router/pipeline', imports: ['foundation'], packages: [], builtins: [] },
  // Ports are declared by the stage that needs them; an adapter is never imported.
  {
    name: 'router/stages',
    imports: [
      'router/pipeline',
      'router/facts.ts',
      'router/capabilities.ts',
      'router/tool-facts.ts',
      'router/methods.ts',
      'router/outcome.ts',
      'router/retry-rules.ts',
      'routes',
      'foundation',
    ],
    packages: [],
    builtins: [],
  },
  {
    name: 'router/listeners',
    imports: [
      'router/http1',
      'router/deadlines/deadline-wheel.ts',
      'router/pipeline',
      'router/facts.ts',
      'foundation',
    ],
    packages: [],
  },
  {
    name: 'router/admin',
    imports: ['router/pipeline', 'router/facts.ts', 'routes', 'foundation'],
    packages: ['fastify', '@opentelemetry/*'],
  },
  // Own codecs: no SDK stands on the data path.
  {
    name: 'router/eras',
    imports: [
      'router/pipeline',
      'router/facts.ts',
      'router/capabilities.ts',
      'router/tool-facts.ts',
      'router/methods.ts',
      'router/outcome.ts',
      'routes',
      'foundation',
    ],
    packages: [],
  },
  // Health checks and Consul speak HTTP; the registry file is YAML; a breaker's state is opossum's.
  {
    name: 'router/clusters',
    imports: [
      'router/facts.ts',
      'router/capabilities.ts',
      'router/tool-facts.ts',
      'router/outcome.ts',
      'router/durable-file.ts',
      'routes',
      'foundation',
    ],
    packages: ['undici', 'yaml', 'opossum'],
  },
  {
    name: 'router/upstream',
    imports: [
      'router/http1',
      'router/upstream/http1',
      'router/clusters',
      'router/deadlines/deadline-wheel.ts',
      'router/eras',
      'router/facts.ts',
      'router/capabilities.ts',
      'router/tool-facts.ts',
      'router/outcome.ts',
      'routes',
      'foundation',
    ],
    packages: ['eventsource-parser'],
  },
  // What both sides of HTTP/1.1 are read with, and nothing of MCP.
  { name: 'router/http1', imports: [], packages: [], builtins: [] },
  // HTTP/1.1 towards replicas, and nothing of MCP.
  {
    name: 'router/upstream/http1',
    imports: ['router/http1', 'router/deadlines/deadline-wheel.ts'],
    packages: [],
    builtins: ['node:net'],
  },
  // What some assistants need otherwise than the protocol has it: pure, a file each.
  {
    name: 'router/shims',
    imports: ['router/facts.ts', 'router/eras', 'routes'],
    packages: [],
    builtins: ['node:crypto'],
  },
  // What the clusters list, as callers see it.
  {
    name: 'router/catalog',
    imports: [
      'router/shims',
      'router/facts.ts',
      'router/methods.ts',
      'router/stages',
      'router/eras',
      'routes',
      'foundation',
    ],
    packages: ['lru-cache'],
  },
  // Streams of callers beside all calls, and what of the clusters is told on them.
  {
    name: 'router/streams',
    imports: [
      'router/facts.ts',
      'router/capabilities.ts',
      'router/pipeline',
      'router/eras',
      'router/clusters',
      'router/upstream',
      'routes',
      'foundation',
    ],
    packages: ['lru-cache'],
    builtins: ['node:util'],
  },
  // How overloaded the router is, and what it refuses for that.
  {
    name: 'router/overload',
    imports: ['router/pipeline', 'routes', 'foundation'],
    packages: [],
    builtins: ['node:perf_hooks', 'node:v8'],
  },
  {
    name: 'router/deadlines',
    imports: ['router/facts.ts', 'foundation'],
    packages: [],
    builtins: [],
  },
  {
    name: 'router/table-feed',
    imports: ['router/durable-file.ts', 'routes', 'foundation'],
    packages: [],
  },
  // The composition root: the only place where ports and adapters meet.
  {
    name: 'router',
    imports: [
      'router/durable-file.ts',
      'router/facts.ts',
      'router/capabilities.ts',
      'router/tool-facts.ts',
      'router/methods.ts',
      'router/outcome.ts',
      'router/retry-rules.ts',
      'router/pipeline',
      'router/stages',
      'router/listeners',
      'router/admin',
      'router/eras',
      'router/catalog',
      'router/shims',
      'router/streams',
      'router/clusters',
      'router/upstream',
      'router/deadlines',
      'router/overload',
      'router/table-feed',
      'routes',
      'foundation',
    ],
    packages: ['@opentelemetry/api', 'lru-cache'],
  },
  // A client like any other: it calls through the official SDK and never reaches into the router.
  {
    name: 'control-plane/cli',
    imports: ['routes', 'foundation', 'deploy/tools'],
    packages: ['commander', 'yaml', 'undici', '@modelcontextprotocol/*'],
  },
  // What a tool team would write: it shows that nothing of ours is needed to be served.
  { name: 'examples', imports: [], packages: ['@modelcontextprotocol/*'] },
  // The floor that the router is measured against is a bare proxy on undici.
  { name: 'loadtest', imports: ['foundation'], packages: ['undici'] },
  // It times parts of the data path one by one, so it opens what only the composition root opens otherwise.
  {
    name: 'loadtest/micro',
    imports: [
      'loadtest',
      'router',
      'router/facts.ts',
      'router/pipeline',
      'router/stages',
      'router/listeners',
      'router/eras',
      'router/clusters',
      'router/deadlines',
      'routes',
      'foundation',
    ],
    packages: ['pino'],
  },
  { name: 'deploy/tools', imports: [], packages: [] },
  {
    name: 'deploy',
    imports: ['deploy/tools', 'foundation', 'control-plane/cli/main.ts'],
    packages: [],
  },
  { name: 'docs', imports: ['foundation', 'routes', 'control-plane/cli'], packages: [] },
  {
    name: 'test',
    imports: [
      'foundation',
      'routes',
      'router',
      'control-plane/cli',
      'examples',
      'deploy',
      'docs',
      'loadtest',
    ],
    packages: ['*'],
  },
]

/** What a test beside its file may import on top of the room's own doors. */
export const BESIDE_A_TEST: Pick<Room, 'imports' | 'packages'> = {
  imports: ['test/support'],
  packages: ['fast-check'],
}

/** Where `import()` is allowed: commands load when they are typed, the bootstrap before anything is installed, and the router once its compiled code is at hand. */
export const MAY_IMPORT_LATE: readonly string[] = [
  'control-plane/cli/',
  'deploy/boot.mjs',
  'deploy/ringmain.mjs',
  'router/main.ts',
]
