// What goes wrong between this router and a replica, by its code; what the system says of a socket keeps the system's own code.

export type FaultCode =
  /** Nothing has been sent. */
  | 'CONNECT_TIMEOUT'
  | 'INVALID_REQUEST'
  /** The request has been sent. */
  | 'FIRST_BYTE_TIMEOUT'
  | 'IDLE_TIMEOUT'
  | 'MALFORMED_ANSWER'
  | 'CLOSED_EARLY'
  /** This router gave the connection up, sent or not. */
  | 'CLOSED_HERE'

export class UpstreamFault extends Error {
  readonly code: FaultCode

  constructor(code: FaultCode, message: string) {
    super(message)
    this.name = 'UpstreamFault'
    this.code = code
  }
}

export const closedHere = (): UpstreamFault =>
  new UpstreamFault('CLOSED_HERE', 'this router closed the connection')
