// From the path to the virtual server that is offered there, to how much a call of it matters, and to whoever it says that it is.
import type { Arrived, Decoded, Located, McpAnswer, Recorded } from '#router/facts.ts'
import { go, refuse, type Stage } from '#router/pipeline/stage.ts'
import { lowered } from '#routes/criticality.ts'
import type { Introduced } from '#routes/match-assistant.ts'
import type { AssistantPolicy, VirtualServerPolicy } from '#routes/route-table.ts'

export interface Servers {
  readonly server: (name: string) => VirtualServerPolicy | undefined
  readonly assistant: (introduced: Introduced) => AssistantPolicy | undefined
}

export const locate = (
  servers: Servers,
): Stage<McpAnswer, Arrived & Decoded & Recorded, Located> => ({
  name: 'locate',
  decide: call => {
    const server = servers.server(call.serverName)
    if (server === undefined) return refuse('RINGMAIN_UNKNOWN_SERVER')
    const located = { server, criticality: lowered(server.criticality, call.askedCriticality) }
    const assistant = call.introduced && servers.assistant(call.introduced)
    if (assistant === undefined) return go(located)
    call.trail.assistant = assistant.name
    return go({ ...located, assistant })
  },
})
