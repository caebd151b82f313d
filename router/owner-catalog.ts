// Who owns what, by what the clusters in force say of themselves.
import type { Sealer } from '#foundation/seal.ts'
import type { ActiveTable } from './active-table.ts'
import { offering } from './offering.ts'
import { openTask } from './outward.ts'
import { renamedBy } from './renamed-for.ts'
import type { Lists } from './stages/gather.ts'
import type { Catalog } from './stages/owners.ts'

export const ownerCatalog = (
  { active, sealer }: { readonly active: ActiveTable; readonly sealer: Sealer },
  lists: Pick<Lists, 'page'>,
): Catalog => ({
  tool: (cluster, tool) => active.cluster(cluster)?.tool(tool),
  offering: offering(lists.page),
  renamed: renamedBy(lists.page),
  task: (server, wireId) => openTask(sealer, server, wireId),
})
