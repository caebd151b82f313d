// Where a router says that it stands, and that it says nothing until an operator does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRouterSettings } from '#foundation/settings.ts'
import { routerPlace } from './router-place.ts'

function placeOf(env: Readonly<Record<string, string>>) {
  const read = readRouterSettings(env)
  if (!('settings' in read)) throw new Error(JSON.stringify(read.problems))
  return routerPlace(read.settings, 'this-host')
}

test('without a word of where it stands no replica is nearer than another, on its own host or not', () => {
  assert.deepEqual(placeOf({}), {})
  assert.deepEqual(placeOf({ RINGMAIN_DATACENTER: 'dc1' }), { datacenter: 'dc1' })
})

test('who says zone or region means the host as well, by its own name unless another is given', () => {
  const zone = { RINGMAIN_ZONE: 'eu-a' }
  assert.deepEqual(placeOf(zone), { node: 'this-host', zone: 'eu-a' })
  assert.deepEqual(placeOf({ RINGMAIN_REGION: 'eu' }), { node: 'this-host', region: 'eu' })
  assert.deepEqual(placeOf({ ...zone, RINGMAIN_NODE: 'n1' }), { node: 'n1', zone: 'eu-a' })
  assert.deepEqual(placeOf({ RINGMAIN_NODE: 'n1' }), { node: 'n1' })
})
