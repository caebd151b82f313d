// Protocol revisions and the header and `_meta` names of the specification, in one place.

/** Revisions with per-request metadata, newest first. */
export const MODERN_VERSIONS = ['2026-07-28'] as const

/** Revisions with `initialize`, newest first. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const

export const LATEST_MODERN = MODERN_VERSIONS[0]
export const LATEST_LEGACY = LEGACY_VERSIONS[0]

/** What a legacy request without the header is taken for (2025-06-18, transports, Protocol Version Header). */
export const ASSUMED_LEGACY = '2025-03-26'

export const isModernVersion = (version: string): boolean =>
  (MODERN_VERSIONS as readonly string[]).includes(version)

export const isLegacyVersion = (version: string): boolean =>
  (LEGACY_VERSIONS as readonly string[]).includes(version)

export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  problem: 'dev.ringmain/problem',
  unavailable: 'dev.ringmain/unavailable',
} as const

/** The extension by which a tool's call may become a task (SEP-2663). */
export const TASKS = 'io.modelcontextprotocol/tasks'

export const HEADER = {
  version: 'mcp-protocol-version',
  method: 'mcp-method',
  name: 'mcp-name',
  session: 'mcp-session-id',
  lastEvent: 'last-event-id',
  paramPrefix: 'mcp-param-',
  lastEventId: 'last-event-id',
  /** Ours: the caller lowers what its call is worth. */
  criticality: 'x-ringmain-criticality',
  /** How many times the call has been sent, this one included; from a router to a router. */
  attempt: 'x-ringmain-attempt',
  deadline: 'x-ringmain-deadline-ms',
  /** The routers that it has come through. */
  via: 'x-ringmain-via',
} as const
