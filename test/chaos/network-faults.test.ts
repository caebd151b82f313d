// The faults of the network fire, on connections that stand and on new ones, and are gone when they are lifted.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { onPath } from '#deploy/tools/find.mjs'

const PROOF = join(import.meta.dirname, 'kit', 'network-proof.ts')
const isRoot = process.getuid?.() === 0
const skip =
  isRoot && onPath('nft', process.env) !== undefined
    ? false
    : 'needs root and nft, for a network namespace of its own; apt-get install nftables'

test('each fault of the network does what its name says, and is gone when lifted', {
  skip,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [PROOF])
  const { loss = [], ...others } = JSON.parse(stdout) as Record<string, readonly string[]>
  // a standing connection before and during, a new one, and one after
  assert.deepEqual(others, {
    blackhole: ['answered', 'silent', 'unconnected', 'answered'],
    halfOpen: ['answered', 'silent', 'silent', 'answered'],
    rejectWithReset: ['answered', 'ECONNRESET', 'ECONNREFUSED', 'answered'],
  })
  assert.ok(
    loss.some(fate => fate === 'unconnected' || fate === 'silent'),
    JSON.stringify(loss),
  )
  assert.equal(loss.at(-1), 'answered')
})

test('no fault is laid on a network that is not the test’s own', { skip }, async () => {
  const script = `import { blackhole } from ${JSON.stringify(join(import.meta.dirname, 'kit', 'network-faults.ts'))}; blackhole(1)`
  const command = `ip link set lo up && ip link add far type veth peer name near && ip link set far up && ip link set near up && exec "$0" --input-type=module -e "$1"`
  const shell = ['--net', 'sh', '-c', command, process.execPath, script]
  await assert.rejects(promisify(execFile)('unshare', shell), /network namespace of the test’s own/)
})
