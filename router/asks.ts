// What tool servers ask of callers in a legacy session. Each question goes out under a sealed id, which names who asked and what it calls its
// question: any router with the key takes the answer back to the replica that waits for it, and nothing is kept here.
import { randomUUID } from 'node:crypto'
import type { Sealer } from '#foundation/seal.ts'
import type { ReplicaPorts } from './choose-replica.ts'
import { answerIn, questionFor, unaskable, withAnswers } from './eras/bridge/rounds.ts'
import { splice } from './eras/json-spans.ts'
import type {
  AskedRound,
  Asking,
  Caller,
  Deadline,
  Message,
  Session,
  SessionMember,
} from './facts.ts'
import { HANDSHAKE_MS, pathOf, timesOf } from './open-session.ts'
import type { Refusal } from './pipeline/stage.ts'
import type { Answers } from './stages/notice.ts'
import { OnceMore } from './upstream/once-more.ts'
import { legacyWords } from './upstream/questions.ts'
import { askReplica } from './upstream/rpc.ts'

/** Questions of one call. No tool asks a person so often. */
const MOST = 64
/** Of a server's own id, in characters of JSON. */
const LONGEST_ID = 256

/** Questions of the router's own that wait for an answer: as many as streams can be held open. */
const MOST_WAITING = 10_000
/** How long a person is given. */
const PATIENCE_MS = 120_000
/** A server that wants nothing but to be asked again is given a moment. */
const BREATH_MS = 250

export interface AskPorts extends Pick<ReplicaPorts, 'active' | 'say'> {
  readonly sealer: Sealer
  /** Acts once after so long, unless what it returns is called before. */
  readonly after: (ms: number, act: () => void) => () => void
}

/** Who is asked: in its session, on the stream of its call. */
export interface Asked {
  readonly session: Session
  readonly caller: Pick<Caller, 'onGone'>
  readonly deadline: Pick<Deadline, 'onOver' | 'hold'>
  readonly message: Message
}

/** Only the session that was asked can answer. */
const purpose = ({ token }: Session): string => `question ${token}`

type SealedQuestion = readonly [cluster: string, idJson: string]

/** A router's own question, for a modern server: its id says which router waits for the answer. */
const ownPurpose = ({ token }: Session): string => `own question ${token}`

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

const NO_ANSWER: Refusal = {
  code: 'RINGMAIN_QUESTION_UNANSWERED',
  says: `Nobody answered within ${PATIENCE_MS / 1_000} s, or while the call lasted. Answers must come to the router that asked.`,
}
const DECLINED: Refusal = {
  code: 'RINGMAIN_QUESTION_UNANSWERED',
  says: 'The caller answered with an error.',
}
const TOO_MANY: Refusal = {
  code: 'RINGMAIN_QUESTION_UNANSWERED',
  says: 'Too many callers are being asked already.',
}

const UNKNOWN: Refusal = { code: 'RINGMAIN_QUESTION_UNKNOWN' }
const ELSEWHERE: Refusal = {
  ...UNKNOWN,
  says: 'Another router asked it, or this one before it was started anew: only there the call waits for the answer.',
}

/** Takes what callers answer to the replicas that asked. */
export class Asks implements Answers {
  readonly #ports: AskPorts
  /** Which router this is, for as long as it runs. */
  readonly #self = randomUUID()
  /** By session and id. */
  readonly #waiting = new Map<string, (answer: Message) => void>() // bounded by MOST_WAITING
  /** By session: a caller may have as much to say as it likes, and waits for none of it. */
  readonly #telling = new OnceMore()

  constructor(ports: AskPorts) {
    this.#ports = ports
  }

  readonly answer: Answers['answer'] = async ({ message, session }) => {
    const id: unknown = JSON.parse(message.idJson)
    if (session === undefined || typeof id !== 'string') return UNKNOWN
    const waiting = this.#waiting.get(keyOf(session, id))
    if (waiting !== undefined) {
      waiting(message)
      return undefined
    }
    const { sealer } = this.#ports
    const sealed = sealer.open(purpose(session), id)
    if (sealed === undefined) {
      const asker = sealer.open(ownPurpose(session), id)
      return asker === undefined || asker === this.#self ? UNKNOWN : ELSEWHERE
    }
    const [cluster, idJson] = sealed as SealedQuestion // sealed by us, so of this shape
    const member = session.members.find(candidate => candidate.cluster === cluster)
    const { id: span } = message.spans
    if (member === undefined || span === undefined) return UNKNOWN
    return this.#tell(member, splice(message.body, [{ span, by: idJson }]))
  }

  readonly tellAll: Answers['tellAll'] = ({ message, session }) => {
    if (session !== undefined)
      this.#telling.run(session.token, () =>
        Promise.all(session.members.map(member => this.#tell(member, message.body))),
      )
  }

  /** Asks a legacy caller what a modern server wants to know: the call with all of its answers, or why there is none. */
  async ask(
    { session, caller, deadline, message }: Asked,
    { questions, stateJson }: AskedRound,
    tell: (json: Buffer) => void,
  ): Promise<{ readonly message: Message } | { readonly refusal: Refusal }> {
    const capabilities = session.client?.capabilities ?? {}
    for (const question of questions) {
      const refusal = unaskable(question, capabilities)
      if (refusal !== undefined) return { refusal }
    }
    if (this.#waiting.size + questions.length > MOST_WAITING) return { refusal: TOO_MANY }
    deadline.hold()
    const { sealer } = this.#ports
    const asked = questions.map(question => ({
      id: sealer.seal(ownPurpose(session), this.#self), // no two are alike
      question,
    }))
    const answers = await this.#answers(
      session,
      asked.map(({ id }) => id),
      stop => {
        caller.onGone(stop)
        deadline.onOver(stop)
        for (const { id, question } of asked) tell(questionFor(id, question))
        return asked.length === 0 ? BREATH_MS : PATIENCE_MS
      },
    )
    const given: (readonly [key: string, json: string])[] = []
    for (const { id, question } of asked) {
      const answer = answers.get(id)
      if (answer === undefined) {
        for (const one of asked) if (!answers.has(one.id)) tell(withdrawn(one.id))
        return { refusal: NO_ANSWER }
      }
      const json = answerIn(answer)
      if (json === undefined) return { refusal: DECLINED }
      given.push([question.key, json])
    }
    return { message: withAnswers(message, given, stateJson) }
  }

  /** As many as come until all are there, nobody waits any more, or the time is over that `begin` gives. */
  #answers(
    session: Session,
    ids: readonly string[],
    begin: (stop: () => void) => number,
  ): Promise<ReadonlyMap<string, Message>> {
    return new Promise(resolve => {
      const answers = new Map<string, Message>()
      let leave: (() => void) | undefined
      const stop = (): void => {
        leave?.()
        for (const id of ids) this.#waiting.delete(keyOf(session, id))
        resolve(answers)
      }
      for (const id of ids)
        this.#waiting.set(keyOf(session, id), answer => {
          answers.set(id, answer)
          this.#waiting.delete(keyOf(session, id))
          if (answers.size === ids.length) stop()
        })
      leave = this.#ports.after(begin(stop), stop)
    })
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

const keyOf = ({ token }: Session, id: string): string => `${id} ${token}`

const withdrawn = (requestId: string): Buffer =>
  Buffer.from(
    JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }),
  )

/** An answer has no answer of its own. */
const NO_ID = 'null'
