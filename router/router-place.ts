// Where this router stands, from its settings. Until an operator says so nothing is near or far: a replica that happens to
// share the router's host must not take every call of a cluster because of a name.
import type { RouterSettings } from '#foundation/settings.ts'
import type { Place } from './clusters/balancers/place.ts'

type PlaceSettings = Pick<RouterSettings, 'node' | 'zone' | 'region' | 'datacenter'>

export function routerPlace(settings: PlaceSettings, hostName: string): Place {
  const { zone, region, datacenter } = settings
  const saysWhere = (zone ?? region) !== undefined
  const node = settings.node ?? (saysWhere ? hostName : undefined)
  return {
    ...(node === undefined ? {} : { node }),
    ...(zone === undefined ? {} : { zone }),
    ...(region === undefined ? {} : { region }),
    ...(datacenter === undefined ? {} : { datacenter }),
  }
}
