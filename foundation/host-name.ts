// What a host name looks like where TLS is to ask for it. An IP address is none: TLS refuses it as the name of a server (RFC 6066, 3).

const LABEL = '[A-Za-z0-9]+(-+[A-Za-z0-9]+)*'

/** For a schema, too: labels with one dot between them, and not digits alone. */
export const HOST_NAME_PATTERN = `^(?![0-9.]+$)${LABEL}(\\.${LABEL})*$`
export const HOST_NAME_MOST = 253
/** What a message says of it. */
export const HOST_NAME_EXPECTS = 'a host name such as tools.internal, and no IP address'

const WHOLE = new RegExp(HOST_NAME_PATTERN)

export const isHostName = (text: string): boolean =>
  text.length <= HOST_NAME_MOST && WHOLE.test(text)
