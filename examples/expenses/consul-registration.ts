// Registers one replica in a Consul agent and keeps it there. A replica that somebody deregistered on purpose
// stays out: it registers again only where the agent itself is another one than before (a restart forgets).

const CALL_TIMEOUT_MS = 2_000
const LOOK_EVERY_MS = 2_000

export interface Registration {
  readonly id: string
  readonly service: string
  readonly host: string
  readonly port: number
  readonly eras: readonly string[]
  readonly zone?: string
}

export interface ConsulRegistration {
  readonly start: () => void
  readonly deregister: () => Promise<void>
}

export function createConsulRegistration(
  agent: string,
  registration: Registration,
  say: (sentence: string) => void,
): ConsulRegistration {
  let isClosing = false
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let registeredAt: string | undefined
  let lastProblem: string | undefined

  const look = async (): Promise<void> => {
    try {
      const incarnation = await agentIncarnation(agent)
      if (isClosing || incarnation === registeredAt) return
      await send(
        agent,
        `/v1/agent/service/register?replace-existing-checks=1`,
        bodyOf(registration),
      )
      registeredAt = incarnation
      lastProblem = undefined
      say(`registered in Consul at ${agent} as ${registration.service}/${registration.id}`)
    } catch (error) {
      const problem = messageOf(error)
      if (problem !== lastProblem) {
        say(
          `Consul at ${agent} does not answer (${problem}); trying again every ${LOOK_EVERY_MS / 1_000} s`,
        )
      }
      lastProblem = problem
    }
  }
  const loop = async (): Promise<void> => {
    looking = look()
    await looking
    if (!isClosing) timer = setTimeout(() => void loop(), LOOK_EVERY_MS)
  }

  return {
    start: () => void loop(),
    deregister: async () => {
      isClosing = true
      clearTimeout(timer)
      // A registration still under way would arrive after the deregistration and stay.
      await looking
      if (registeredAt === undefined) return
      try {
        await send(agent, `/v1/agent/service/deregister/${encodeURIComponent(registration.id)}`)
      } catch (error) {
        say(`could not deregister at ${agent} (${messageOf(error)}); its check will remove it`)
      }
    },
  }
}

/** A development agent makes itself a new node id at each start, and forgets its services with it. */
async function agentIncarnation(agent: string): Promise<string> {
  const response = await fetch(new URL('/v1/agent/self', agent), {
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(`HTTP ${response.status} from /v1/agent/self`)
  const self = (await response.json()) as { readonly Config?: { readonly NodeID?: string } }
  return self.Config?.NodeID ?? 'unnamed'
}

async function send(agent: string, path: string, body?: object): Promise<void> {
  const response = await fetch(new URL(path, agent), {
    method: 'PUT',
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  // Not known there any more: somebody deregistered it before, which is what is wanted.
  if (!response.ok && response.status !== 404)
    throw new Error(`HTTP ${response.status}: ${text.slice(0, 200)}`)
}

function bodyOf(registration: Registration): object {
  const { id, service, host, port, eras, zone } = registration
  return {
    ID: id,
    Name: service,
    Address: host,
    Port: port,
    Meta: {
      'rm-v': '1',
      'rm-path': '/mcp',
      'rm-eras': eras.join(','),
      ...(zone === undefined ? {} : { 'rm-zone': zone }),
    },
    Check: {
      CheckID: `${id}-healthz`,
      Name: 'GET /healthz',
      HTTP: `http://${host}:${port}/healthz`,
      Interval: '1s',
      Timeout: '1s',
      // It listens before it registers, so it need not wait for the first round of checks.
      Status: 'passing',
      DeregisterCriticalServiceAfter: '10m',
    },
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
