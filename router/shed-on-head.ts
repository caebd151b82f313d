// Whether a request is refused for overload as soon as its head is there. A legacy one does not say there what it is, so it is
// weighed once it is read.
import type { IncomingHttpHeaders } from 'node:http'
import { lowered } from '#routes/criticality.ts'
import type { ActiveTable } from './active-table.ts'
import { askedCriticality } from './eras/criticality-header.ts'
import { HEADER } from './eras/versions.ts'
import type { Overload } from './overload/overload.ts'
import type { Refusal } from './pipeline/stage.ts'

export type ShedOnHead = (serverName: string, headers: IncomingHttpHeaders) => Refusal | undefined

export const shedOnHead =
  (active: Pick<ActiveTable, 'server'>, overload: Overload): ShedOnHead =>
  (serverName, headers) => {
    if (overload.level === 0) return undefined
    const method = headers[HEADER.method]
    // Whoever names a notification and sends a call is refused for that when the body is read.
    if (typeof method !== 'string' || method.startsWith('notifications/')) return undefined
    const server = active.server(serverName)
    const asked = askedCriticality(headers)
    if (server === undefined || typeof asked === 'object') return undefined
    return overload.refusalOf(lowered(server.criticality, asked))
  }
