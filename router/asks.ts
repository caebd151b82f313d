// What tool servers ask of callers in a legacy session. Each question goes out under a sealed id, which names who asked and what it calls its
// question: any router with the key takes the answer back to the replica that waits for it, and nothing is kept here.
import type { Sealer } from '#foundation/seal.ts'
import type { ReplicaPorts } from './choose-replica.ts'
import { splice } from './eras/json-spans.ts'
import type { Asking, Session, SessionMember } from './facts.ts'
import { HANDSHAKE_MS, pathOf, timesOf } from './open-session.ts'
import type { Refusal } from './pipeline/stage.ts'
import type { Answers } from './stages/notice.ts'
import { legacyWords } from './upstream/questions.ts'
import { askReplica } from './upstream/rpc.ts'

/** Questions of one call. No tool asks a person so often. */
const MOST = 64
/** Of a server's own id, in characters of JSON. */
const LONGEST_ID = 256

export interface AskPorts extends Pick<ReplicaPorts, 'active' | 'say'> {
  readonly sealer: Sealer
}

/** Only the session that was asked can answer. */
const purpose = ({ token }: Session): string => `question ${token}`

type SealedQuestion = readonly [cluster: string, idJson: string]

/** For the stream of one call. */
export function askingFor(sealer: Sealer, session: Session, cluster: string): Asking {
  const named = new Map<string, string>() // bounded by MOST
  return {
    kind: 'named',
    name: idJson => {
      const known = named.get(idJson)
      if (known !== undefined) return known
      if (named.size === MOST || !isId(idJson)) return undefined
      const question: SealedQuestion = [cluster, idJson]
      const name = JSON.stringify(sealer.seal(purpose(session), question))
      named.set(idJson, name)
      return name
    },
  }
}

const isId = (json: string): boolean =>
  json.length <= LONGEST_ID && (/^-?[0-9]{1,15}$/.test(json) || json.startsWith('"'))

export const NO_SESSION: Asking = {
  kind: 'refused',
  refusal: {
    code: 'RINGMAIN_QUESTION_UNANSWERED',
    says: 'A caller without a session can be asked nothing.',
  },
}

export const NO_SERVER_SESSION: Asking = {
  kind: 'refused',
  refusal: {
    code: 'RINGMAIN_QUESTION_UNANSWERED',
    says: 'A tool server without sessions cannot be answered.',
  },
}

const UNKNOWN: Refusal = { code: 'RINGMAIN_QUESTION_UNKNOWN' }

/** Takes what callers answer to the replicas that asked. */
export class Asks implements Answers {
  readonly #ports: AskPorts

  constructor(ports: AskPorts) {
    this.#ports = ports
  }

  readonly answer: Answers['answer'] = async ({ message, session }) => {
    const id: unknown = JSON.parse(message.idJson)
    if (session === undefined || typeof id !== 'string') return UNKNOWN
    const sealed = this.#ports.sealer.open(purpose(session), id)
    if (sealed === undefined) return UNKNOWN
    const [cluster, idJson] = sealed as SealedQuestion // sealed by us, so of this shape
    const member = session.members.find(candidate => candidate.cluster === cluster)
    const { id: span } = message.spans
    if (member === undefined || span === undefined) return UNKNOWN
    return this.#tell(member, splice(message.body, [{ span, by: idJson }]))
  }

  readonly tellAll: Answers['tellAll'] = ({ message, session }) => {
    for (const member of session?.members ?? []) void this.#tell(member, message.body)
  }

  async #tell(member: SessionMember, body: Buffer): Promise<Refusal | undefined> {
    const cluster = this.#ports.active.cluster(member.cluster)
    const endpoint = cluster?.endpoint(member.endpoint)
    if (cluster === undefined || endpoint === undefined)
      return { code: 'RINGMAIN_SESSION_UNKNOWN', detail: `${member.endpoint} is gone` }
    const context = { version: member.version, sessionId: member.id }
    const outgoing = legacyWords(pathOf(cluster, endpoint), { body, context }, timesOf(cluster))
    const reply = await askReplica(this.#ports.say(endpoint, outgoing), NO_ID, HANDSHAKE_MS)
    const detail = `${member.endpoint} was given an answer`
    if (reply.kind === 'failed')
      return { code: 'RINGMAIN_ANSWER_LOST', detail: `${detail}: ${reply.detail}` }
    if (reply.status === 404) return { code: 'RINGMAIN_SESSION_UNKNOWN', detail }
    return reply.status < 300
      ? undefined
      : { code: 'RINGMAIN_ANSWER_LOST', detail: `${detail}: HTTP ${reply.status}` }
  }
}

/** An answer has no answer of its own. */
const NO_ID = 'null'
