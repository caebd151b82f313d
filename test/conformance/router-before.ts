// A router with one virtual server at `/mcp`, plainly named, before one tool server that it finds in a registry file.

import type { Era } from '#routes/route-table.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'

export interface RouterBefore {
  readonly url: string
  readonly close: () => Promise<void>
}

const SERVICE = 'everything'

/** `eras`: what the server is said to speak; the router asks it when absent. */
export async function routerBefore(url: string, eras?: readonly Era[]): Promise<RouterBefore> {
  const { hostname, port, pathname } = new URL(url)
  const replica = { id: SERVICE, address: hostname, port: Number(port), path: pathname }
  const router = await runRouter({
    'mesh.yaml': documents(
      clusterOf(SERVICE, [], {
        discovery: { registry: { file: 'registry.json', service: SERVICE } },
        health: { interval: '10s', timeout: '10s', rise: 1, fall: 3 }, // some servers start a program for each session
        ...(eras && { eras }),
      }),
      serverOf('default', [SERVICE], { criticality: 'critical_plus' }), // never refused for a busy machine
    ),
    'registry.json': JSON.stringify({ services: { [SERVICE]: [replica] } }),
  })
  await router.untilUp(SERVICE, 1)
  return { url: router.mcpUrl, close: router.close }
}
