// What goes to a replica for those who listen bears the routers that they have come through, so that nobody hears himself.
import { through } from '#router/eras/via.ts'
import type { Decoded } from '#router/facts.ts'
import type { HandshakeWay } from '#router/upstream/legacy-handshake.ts'

export type By = Pick<Decoded, 'passedHeaders'>

export const wayBy = (way: HandshakeWay, by: By): HandshakeWay => ({
  ...way,
  send: outgoing => way.send(through(outgoing, by)),
})
