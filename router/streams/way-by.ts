// What goes to a replica for those who listen bears the routers that they have come through, so that nobody hears himself.
import { HEADER } from '#router/eras/versions.ts'
import { through } from '#router/eras/via.ts'
import type { Decoded } from '#router/facts.ts'
import type { HandshakeWay } from '#router/upstream/legacy-handshake.ts'

export type By = Pick<Decoded, 'passedHeaders'>

/** Which way it has come, to be told apart from others. */
export const viaIn = ({ passedHeaders }: By): string =>
  passedHeaders.find(([name]) => name === HEADER.via)?.[1] ?? ''

export const wayBy = (way: HandshakeWay, by: By): HandshakeWay => ({
  ...way,
  send: outgoing => way.send(through(outgoing, by)),
})
