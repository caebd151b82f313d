// The catalogue of refusals: the only place a code is born. Codes are never reused; the reference page is generated from here.

export interface RefusalShape {
  /** HTTP status where the refusal travels at transport level, or before the body is understood. */
  readonly http: number
  /** JSON-RPC error code. Own codes lie outside -32768..-32000, which JSON-RPC and MCP reserve. */
  readonly jsonRpc: number
  /**
   * `http`: always the status above, with a JSON-RPC error as body.
   * `error`: HTTP 200 with a JSON-RPC error.
   * `result`: on `tools/call` HTTP 200 with an `isError` result that the model can read; a JSON-RPC error on other methods.
   */
  readonly as: 'http' | 'error' | 'result'
  /** May the same call be sent again? `after`: later; `never`: it would fail again, or may run twice. */
  readonly retry: 'never' | 'after'
  /** Whether the tool can have run. */
  readonly executed: 'no' | 'unknown'
  /** Closed, low-cardinality set: the only form allowed as a metric label. */
  readonly reason: string
  /** Sent to the caller. */
  readonly says: string
}

const malformed = {
  http: 400,
  as: 'http',
  retry: 'never',
  executed: 'no',
  reason: 'malformed',
} as const
const invalid = { ...malformed, jsonRpc: -32600 } as const
const session = { ...invalid, reason: 'session' } as const
const forbidden = { ...invalid, http: 403, reason: 'forbidden' } as const
/** Parameters that do not fit. */
const unfit = { ...malformed, as: 'error', jsonRpc: -32602 } as const
const unavailable = {
  http: 503,
  as: 'result',
  retry: 'after',
  executed: 'no',
  reason: 'unavailable',
} as const

/** Of this router, whatever the call is. */
const unready = { ...unavailable, as: 'http' } as const

const unknown = { http: 502, as: 'result', retry: 'never', executed: 'unknown' } as const

export const refusals = {
  RINGMAIN_MALFORMED_JSON: {
    ...malformed,
    jsonRpc: -32700,
    says: 'The body is not valid JSON in UTF-8.',
  },
  RINGMAIN_AMBIGUOUS_REQUEST: {
    ...invalid,
    says: 'Two HTTP parsers could read the request differently, so it was not looked at further.',
  },
  RINGMAIN_HTTP_VERSION_REFUSED: {
    ...invalid,
    http: 505,
    says: 'Only HTTP/1.1 is spoken here.',
  },
  RINGMAIN_TOO_MANY_HEADERS: {
    ...invalid,
    http: 431,
    says: 'The request has more headers than are accepted.',
  },
  RINGMAIN_AMBIGUOUS_JSON: {
    ...invalid,
    says: 'Two parsers could read the body differently, so no tool was given it.',
  },
  RINGMAIN_EXCESSIVE_JSON: {
    ...invalid,
    says: 'The body is nested deeper, or holds more, than is accepted.',
  },
  RINGMAIN_INVALID_REQUEST: {
    ...invalid,
    says: 'The body is not a JSON-RPC 2.0 message.',
  },
  RINGMAIN_BATCH_REFUSED: {
    ...invalid,
    says: 'Batches are not accepted; send one message a request.',
  },
  RINGMAIN_HEADER_MISMATCH: {
    ...malformed,
    jsonRpc: -32020,
    says: 'A request header and the body disagree.',
  },
  RINGMAIN_INVALID_HEADER: {
    ...invalid,
    says: 'A request header of Ringmain has a value that is not understood.',
  },
  RINGMAIN_UNSUPPORTED_VERSION: {
    ...malformed,
    jsonRpc: -32022,
    says: 'The protocol version is not supported.',
  },
  RINGMAIN_MISSING_META: {
    ...malformed,
    jsonRpc: -32602,
    says: 'A required `_meta` field is missing or has the wrong shape.',
  },
  RINGMAIN_CAPABILITY_MISSING: {
    ...malformed,
    jsonRpc: -32021,
    says: 'The client has not declared, with this request, a capability that it needs.',
  },
  RINGMAIN_INVALID_DEADLINE: {
    ...invalid,
    says: 'The header X-Ringmain-Deadline-Ms must be one whole number of milliseconds, at most nine digits.',
  },
  RINGMAIN_UNKNOWN_METHOD: {
    ...malformed,
    http: 404,
    jsonRpc: -32601,
    says: 'This method is not implemented.',
  },
  RINGMAIN_INVALID_PARAMS: {
    ...unfit,
    says: 'The parameters do not fit the method.',
  },
  RINGMAIN_UNKNOWN_TOOL: {
    ...unfit,
    says: 'No tool of this name is offered here.',
    reason: 'unknown_tool',
  },
  RINGMAIN_NOT_OFFERED: {
    ...unfit,
    says: 'No prompt, resource or task of this name is offered here.',
    reason: 'not_offered',
  },
  RINGMAIN_STATE_REFUSED: {
    ...unfit,
    says: 'What params.requestState holds was not given out for this call, or is too old. The call was not executed.',
  },
  RINGMAIN_SESSION_UNKNOWN: {
    ...session,
    http: 404,
    says: 'The session has ended or is not known; initialize again.',
  },
  RINGMAIN_QUESTION_UNKNOWN: {
    ...session,
    says: 'Nothing was asked under this id in this session.',
  },
  RINGMAIN_ANSWER_LOST: {
    ...malformed,
    http: 502,
    jsonRpc: -31968,
    says: 'The tool server that asked could not be given the answer.',
    reason: 'unavailable',
  },
  RINGMAIN_CANNOT_BE_TOLD: {
    ...unfit,
    says: 'This caller cannot be told of changes of this resource.',
    reason: 'not_offered',
  },
  RINGMAIN_TOO_MANY_STREAMS: {
    ...malformed,
    http: 429,
    jsonRpc: -31971,
    retry: 'after',
    says: 'No more streams are opened for this caller, or at this virtual server, for now.',
    reason: 'streams',
  },
  RINGMAIN_SESSION_TOO_LARGE: {
    ...session,
    http: 500,
    as: 'error',
    jsonRpc: -31964,
    says: 'A session with this virtual server would need an id longer than a header may be.',
  },
  RINGMAIN_HOST_REFUSED: { ...forbidden, says: 'The Host header is not on the allow-list.' },
  RINGMAIN_ORIGIN_REFUSED: { ...forbidden, says: 'The Origin header is not on the allow-list.' },
  RINGMAIN_UNKNOWN_SERVER: {
    ...malformed,
    http: 404,
    jsonRpc: -31950,
    says: 'No virtual server is offered at this path.',
    reason: 'no_route',
  },
  RINGMAIN_UNKNOWN_PATH: {
    ...invalid,
    http: 404,
    says: 'Nothing is served at this path; MCP is at /mcp and /mcp/<virtual server>.',
  },
  RINGMAIN_METHOD_NOT_ALLOWED: {
    ...invalid,
    http: 405,
    says: 'This HTTP method is not allowed here; send POST.',
  },
  RINGMAIN_NOT_ACCEPTABLE: {
    ...invalid,
    http: 406,
    says: 'Accept must allow application/json or text/event-stream.',
  },
  RINGMAIN_UNSUPPORTED_MEDIA_TYPE: {
    ...invalid,
    http: 415,
    says: 'Content-Type must be application/json.',
  },
  RINGMAIN_PAYLOAD_TOO_LARGE: {
    ...malformed,
    http: 413,
    jsonRpc: -31960,
    says: 'The body is larger than this router accepts.',
    reason: 'too_large',
  },
  RINGMAIN_DRAINING: {
    ...unready,
    jsonRpc: -31959,
    says: 'This router is shutting down. The call was not executed.',
    reason: 'draining',
  },
  RINGMAIN_ROUTER_BUSY: {
    ...unready,
    jsonRpc: -31965,
    says: 'This router is receiving as many long bodies as it has room for. The call was not executed.',
    reason: 'throttled',
  },
  RINGMAIN_OVERLOADED: {
    ...unready,
    jsonRpc: -31966,
    says: 'This router is overloaded, and refuses what matters least. The call was not executed.',
    reason: 'overloaded',
  },
  RINGMAIN_NO_HEALTHY_REPLICA: {
    ...unavailable,
    jsonRpc: -31953,
    says: 'No replica can take the call now. The call was not executed.',
  },
  RINGMAIN_CLUSTER_BUSY: {
    ...unavailable,
    http: 429,
    jsonRpc: -31955,
    says: 'Every replica is at its limit. The call was not executed.',
    reason: 'throttled',
  },
  RINGMAIN_DEADLINE_EXCEEDED: {
    ...unavailable,
    http: 504,
    jsonRpc: -31967,
    reason: 'deadline',
    says: 'Too little of its time was left to send the call. The call was not executed.',
  },
  RINGMAIN_UPSTREAM_REFUSED: {
    ...unavailable,
    http: 502,
    jsonRpc: -31963,
    retry: 'never',
    says: 'The tool server refused the router. The call was not executed.',
    reason: 'upstream_refused',
  },
  RINGMAIN_LOOP: {
    ...malformed,
    http: 508,
    jsonRpc: -31975,
    reason: 'loop',
    says: 'The call goes round among routers. The call was not executed.',
  },
  RINGMAIN_UPSTREAM_TIMEOUT: {
    ...unknown,
    http: 504,
    jsonRpc: -31957,
    reason: 'timeout',
    says: 'The tool server did not answer in time. outcome_unknown: the call may have run; check before sending it again.',
  },
  RINGMAIN_UPSTREAM_BAD_RESPONSE: {
    ...unknown,
    jsonRpc: -31958,
    reason: 'bad_response',
    says: 'The tool server answered with something that is not MCP. outcome_unknown: the call may have run; check before sending it again.',
  },
  RINGMAIN_OUTCOME_UNKNOWN: {
    ...unknown,
    jsonRpc: -31961,
    reason: 'outcome_unknown',
    says: 'The connection to the tool server was lost after the call had been sent. outcome_unknown: the call may have run; check before sending it again.',
  },
  RINGMAIN_QUESTION_UNANSWERED: {
    ...unknown,
    jsonRpc: -31969,
    reason: 'unanswered',
    says: 'The tool server asked its caller for something, and got no answer. outcome_unknown: the call may have run; check before sending it again.',
  },
  RINGMAIN_DEFECT: {
    http: 500,
    jsonRpc: -32603,
    as: 'http',
    retry: 'never',
    executed: 'unknown',
    reason: 'defect',
    says: 'The router failed; the fault is logged under the id given. outcome_unknown: the call may have run; check before sending it again.',
  },
} as const satisfies Record<`RINGMAIN_${string}`, RefusalShape>

export type RefusalCode = keyof typeof refusals

export const shapeOf = (code: RefusalCode): RefusalShape => refusals[code]
