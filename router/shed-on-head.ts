// Whether a request is refused for overload as soon as its head is there. A legacy one does not say there what it is, so it is
// weighed once it is read.
import { lowered } from '#routes/criticality.ts'
import type { ActiveTable } from './active-table.ts'
import type { WireAnswer } from './eras/codec.ts'
import { askedCriticality } from './eras/criticality-header.ts'
import { codecOf } from './eras/decode.ts'
import { HEADER } from './eras/versions.ts'
import type { Shed } from './listeners/admission.ts'
import type { Overload } from './overload/overload.ts'
import type { Refusal } from './pipeline/stage.ts'

export function shedOnHead(active: Pick<ActiveTable, 'server'>, overload: Overload): Shed {
  const answers = new Map<Refusal, WireAnswer>() // one for each level
  const answerOf = (refusal: Refusal): WireAnswer => {
    const known = answers.get(refusal)
    if (known !== undefined) return known
    const answer = codecOf('modern').refusal(undefined, refusal, '') // only the body would tell the id
    answers.set(refusal, answer)
    return answer
  }
  return (serverName, headers) => {
    if (overload.level === 0) return undefined
    const method = headers[HEADER.method]
    // Whoever names a notification and sends a call is refused for that when the body is read.
    if (typeof method !== 'string' || method.startsWith('notifications/')) return undefined
    const server = active.server(serverName)
    const asked = askedCriticality(headers)
    if (server === undefined || typeof asked === 'object') return undefined
    const refusal = overload.refusalOf(lowered(server.criticality, asked))
    return refusal === undefined ? undefined : answerOf(refusal)
  }
}
