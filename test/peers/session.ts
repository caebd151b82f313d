// One session with a tool server, the same by every client: what each step gave, in order.
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Script } from './servers.ts'

type Client = ClientV1 | ClientV2
export type Connect = (url: string) => Promise<Client>
export type Steps = readonly (readonly [step: string, gave: unknown])[]

/** Of one step; the session ends with the first that says nothing. */
const LIMIT_MS = 10_000
const LIMIT = { timeout: LIMIT_MS, maxTotalTimeout: LIMIT_MS }

const INFO = { name: 'test', version: '1' }

const v2 =
  (mode: 'legacy' | 'auto' | { readonly pin: string }): Connect =>
  async url => {
    const client = new ClientV2(INFO, { versionNegotiation: { mode } })
    await client.connect(new TransportV2(new URL(url)))
    return client
  }

export const PEER_CLIENTS: Readonly<Record<string, Connect>> = {
  'SDK v1': async url => {
    const client = new ClientV1(INFO)
    await client.connect(new TransportV1(new URL(url)))
    return client
  },
  'SDK v2 as it comes': v2('legacy'),
  'SDK v2 that finds out': v2('auto'),
  'SDK v2 pinned': v2({ pin: '2026-07-28' }),
}

export async function playSession(connect: Connect, url: string, script: Script): Promise<Steps> {
  const client = (await connect(url)) as ClientV2 // the two have these methods alike
  try {
    return await played(client, script)
  } finally {
    await client.close()
  }
}

async function played(client: ClientV2, script: Script): Promise<Steps> {
  const steps: (readonly [string, unknown])[] = []
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      const gave = await work()
      steps.push([name, gave])
      return gave
    } catch (error) {
      if (/timed out/.test((error as Error).message))
        throw new Error(`${name}: nothing within ${LIMIT_MS} ms`, { cause: error })
      const { code, message } = error as { readonly code?: unknown; readonly message: string }
      steps.push([name, { error: { code, message } }])
      return undefined
    }
  }
  const can = client.getServerCapabilities()
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
