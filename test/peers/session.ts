// One session with a tool server, the same by every client: what each step gave, in order.
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { type Caller, type Script, STEP_LIMIT_MS, type Steps } from './script.ts'

/** What a user fills in, and what was asked of them. */
interface User {
  fills: Record<string, unknown>
  asked: unknown[]
}

type FormValues = Record<string, string>
type Connect = (url: string, user: User) => Promise<ClientV1 | ClientV2>

const LIMIT = { timeout: STEP_LIMIT_MS, maxTotalTimeout: STEP_LIMIT_MS }

const INFO = { name: 'test', version: '1' }
const capabilities = { elicitation: { form: {} } }

const answerOf =
  (user: User) =>
  ({ params }: { readonly params: unknown }) => {
    user.asked.push(params)
    return { action: 'accept' as const, content: user.fills as FormValues }
  }

const v1: Connect = async (url, user) => {
  const client = new ClientV1(INFO, { capabilities })
  client.setRequestHandler(ElicitRequestSchema, answerOf(user))
  await client.connect(new TransportV1(new URL(url)))
  return client
}

type Mode = 'legacy' | 'auto' | { readonly pin: string }

export async function connectedV2(
  mode: Mode,
  url: string,
  user: User = { fills: {}, asked: [] },
): Promise<ClientV2> {
  const client = new ClientV2(INFO, { capabilities, versionNegotiation: { mode } })
  client.setRequestHandler('elicitation/create', answerOf(user))
  await client.connect(new TransportV2(new URL(url)))
  return client
}

const v2 =
  (mode: Mode): Connect =>
  (url, user) =>
    connectedV2(mode, url, user)

const caller = (name: string, connect: Connect, findsOut = false): Caller => ({
  name,
  findsOut,
  play: (url, script) => playSession(connect, url, script),
})

export const SDK_CALLERS: readonly Caller[] = [
  caller('SDK v1', v1),
  caller('SDK v2 as it comes', v2('legacy')),
  caller('SDK v2 that finds out', v2('auto'), true),
  caller('SDK v2 pinned', v2({ pin: '2026-07-28' })),
]

async function playSession(connect: Connect, url: string, script: Script): Promise<Steps> {
  const user: User = { fills: {}, asked: [] }
  const client = (await connect(url, user)) as ClientV2 // the two have these methods alike
  try {
    return await played(client, user, script)
  } finally {
    await client.close()
  }
}

async function played(client: ClientV2, user: User, script: Script): Promise<Steps> {
  const steps: (readonly [string, unknown])[] = []
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      const gave = await work()
      steps.push([name, gave])
      return gave
    } catch (error) {
      if (/timed out/.test((error as Error).message))
        throw new Error(`${name}: nothing within ${STEP_LIMIT_MS} ms`, { cause: error })
      const { code, message } = error as { readonly code?: unknown; readonly message: string }
      steps.push([name, { error: { code, message } }])
      return undefined
    }
  }
  const can = client.getServerCapabilities()
  steps.push(['connect', { capabilities: can, instructions: client.getInstructions() }])
  await step('list tools', () => client.listTools({}, LIMIT))
  if (can?.prompts) await step('list prompts', () => client.listPrompts({}, LIMIT))
  if (can?.resources) await step('list templates', () => client.listResourceTemplates({}, LIMIT))
  const listed =
    can?.resources && (await step('list resources', () => client.listResources({}, LIMIT)))
  for (const [name, args] of script.calls) {
    const progress: number[] = []
    await step(`call ${name}`, () =>
      client.callTool(
        { name, arguments: args },
        { ...LIMIT, onprogress: told => void progress.push(told.progress) },
      ),
    )
    steps.push([`progress of ${name}`, progress])
  }
  for (const [name, args, fills] of script.asks) {
    Object.assign(user, { fills, asked: [] })
    await step(`call ${name}`, () => client.callTool({ name, arguments: args }, LIMIT))
    steps.push([`asked by ${name}`, user.asked])
  }
  for (const { uri } of listed?.resources.slice(0, script.reads) ?? [])
    await step(`read ${uri}`, () => client.readResource({ uri }, LIMIT))
  for (const [name, args] of script.prompts)
    await step(`prompt ${name}`, () => client.getPrompt({ name, arguments: args }, LIMIT))
  for (const [name, argument, value] of script.completes)
    await step(`complete ${name}`, () =>
      client.complete(
        { ref: { type: 'ref/prompt', name }, argument: { name: argument, value } },
        LIMIT,
      ),
    )
  return steps
}
