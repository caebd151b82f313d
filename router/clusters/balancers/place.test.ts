// How near a replica counts, for every way in which one of the two may not say where it stands.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Place, tierName, tierOf } from './place.ts'

const HERE: Place = { node: 'n1', zone: 'eu-a', region: 'eu' }

const near = (there: Place, here = HERE): string => tierName(tierOf(there, here))

test('the same host is nearer than the zone, the zone than the region, and the region than the rest', () => {
  assert.equal(near({ node: 'n1', zone: 'eu-a', region: 'eu' }), 'host')
  assert.equal(near({ node: 'n2', zone: 'eu-a', region: 'eu' }), 'zone')
  assert.equal(near({ node: 'n3', zone: 'eu-b', region: 'eu' }), 'region')
  assert.equal(near({ node: 'n4', zone: 'us-a', region: 'us' }), 'remote')
})

test('what is not known counts as the same', () => {
  assert.equal(near({}), 'zone')
  assert.equal(near({ region: 'eu' }), 'zone')
  assert.equal(near({ zone: 'eu-b' }), 'region')
  assert.equal(near({ region: 'us' }), 'remote')
  assert.equal(near({ zone: 'us-a', region: 'us', node: 'n9' }, {}), 'zone')
  assert.equal(near({ zone: 'us-a', region: 'us' }, { zone: 'eu-a' }), 'region')
})

test('a host of the same name in another region is another host', () =>
  assert.equal(near({ node: 'n1', region: 'us' }), 'remote'))

test('other datacenters come after all of the own one, in the order of the document', () => {
  const named = ['dc1', 'dc2', 'dc3']
  const levels = (datacenter?: string) =>
    named.map(one =>
      tierOf({ datacenter: one }, datacenter === undefined ? {} : { datacenter }, named),
    )
  assert.deepEqual(levels(), [1, 4, 5])
  assert.deepEqual(levels('dc1'), [1, 4, 5])
  assert.deepEqual(levels('dc2'), [4, 1, 5])
  assert.deepEqual(levels('dc3'), [4, 5, 1])
  assert.deepEqual(levels('dc9'), [1, 4, 5])
  assert.equal(
    tierOf({ datacenter: 'dc2', zone: 'eu-a' }, { ...HERE, datacenter: 'dc1' }, named),
    4,
  )
  assert.equal(tierName(5), 'remote')
  assert.equal(tierOf({}, { datacenter: 'dc2' }, named), 1)
})
