// Whether a connection comes from the machine that the router runs on.

/** Not by a header: who comes through a proxy on this machine is let in by that proxy. */
export const isFromHere = (remoteAddress: string | undefined): boolean =>
  remoteAddress !== undefined && /^(?:127\.|::1$|::ffff:127\.)/.test(remoteAddress)
