// From the path to the virtual server that is offered there, and to how much a call of it matters.
import type { Arrived, Decoded, Located, McpAnswer } from '#router/facts.ts'
import { go, refuse, type Stage } from '#router/pipeline/stage.ts'
import { lowered } from '#routes/criticality.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'

export interface Servers {
  readonly server: (name: string) => VirtualServerPolicy | undefined
}

export const locate = (servers: Servers): Stage<McpAnswer, Arrived & Decoded, Located> => ({
  name: 'locate',
  decide: call => {
    const server = servers.server(call.serverName)
    return server === undefined
      ? refuse('RINGMAIN_UNKNOWN_SERVER')
      : go({ server, criticality: lowered(server.criticality, call.askedCriticality) })
  },
})
