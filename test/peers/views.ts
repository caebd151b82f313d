// Tool servers that bring user interfaces, behind one virtual server: each view is where its tool says, under the name that callers have
// for it there, and is the view that the server itself gives.
import type { Client } from '@modelcontextprotocol/client'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { differences } from './differences.ts'
import { listening } from './npm-servers.ts'
import type { Steps } from './script.ts'
import { connectedV2 } from './session.ts'

/** Names of clusters, which callers see as prefixes, and the programs behind them. */
const APPS = [
  ['clock', 'mcp-server-basic-vanillajs'],
  ['monitor', 'mcp-system-monitor-server'],
] as const

type Tool = Awaited<ReturnType<Client['listTools']>>['tools'][number]

/** How one server's own names are said. */
interface Names {
  readonly tool: (own: string) => string
  readonly uri: (own: string) => string
}

const OWN: Names = { tool: own => own, uri: own => own }

const joined = (app: string): Names => ({
  tool: own => `${app}__${own}`,
  uri: own => own.replace(/^ui:\/\//, `ui://${app}/`),
})

/** What differs, a line each, and how many views were read. */
export async function playViews(): Promise<{ readonly found: readonly string[]; views: number }> {
  const peers = await Promise.all(
    APPS.map(async ([app, program]) => ({ app, ...(await listening(program)) })),
  )
  const router = await runRouter(
    documents(
      ...peers.map(({ app, url }) => clusterOf(app, [url])),
      serverOf(
        'default',
        peers.map(({ app }) => app),
        { criticality: 'critical_plus' }, // never refused for a busy machine
      ),
    ),
  )
  const found: string[] = []
  let views = 0
  try {
    for (const { app } of peers) await router.untilUp(app, 1)
    for (const mode of ['legacy', 'auto'] as const)
      for (const { app, url } of peers) {
        const direct = await seen(await connectedV2(mode, url), OWN, joined(app))
        const through = await seen(await connectedV2(mode, router.mcpUrl), joined(app), OWN)
        views += direct.filter(([step]) => step.startsWith('read')).length
        found.push(...differences(direct, through, { findsOut: mode === 'auto' }))
      }
  } finally {
    await router.close()
    for (const peer of peers) await peer.close()
  }
  return { found, views }
}

/** Definitions of one app and its views. What it calls its own is said as a caller of the joined server has it. */
async function seen(client: Client, { uri }: Names, said: Names): Promise<Steps> {
  const isOurs = (name: string): boolean => name.startsWith(uri('ui://'))
  const { tools } = await client.listTools()
  const { resources } = await client.listResources()
  const steps: (readonly [string, unknown])[] = []
  for (const tool of tools) {
    const view = viewOf(tool)
    if (view === undefined || !isOurs(view)) continue
    steps.push([`tool ${said.tool(tool.name)}`, renamed(tool, said)])
    const { contents } = await client.readResource({ uri: view })
    const named = contents.map(content => ({ ...content, uri: said.uri(content.uri) }))
    steps.push([`read ${said.uri(view)}`, named])
  }
  for (const resource of resources.filter(one => isOurs(one.uri)))
    steps.push(['resource', { ...resource, uri: said.uri(resource.uri) }])
  await client.close()
  return steps
}

const viewOf = ({ _meta }: Tool): string | undefined =>
  (_meta?.['ui'] as { readonly resourceUri?: string } | undefined)?.resourceUri

/** The view stands in the definition twice; the second place is that of the draft before. */
function renamed(tool: Tool, said: Names): object {
  const view = said.uri(viewOf(tool) ?? '')
  const ui = { ...(tool._meta?.['ui'] as object), resourceUri: view }
  const draft = tool._meta?.['ui/resourceUri']
  const old = typeof draft === 'string' ? { 'ui/resourceUri': said.uri(draft) } : {}
  return { ...tool, name: said.tool(tool.name), _meta: { ...tool._meta, ui, ...old } }
}
