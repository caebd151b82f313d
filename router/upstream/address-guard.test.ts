// Which addresses a list of words and ranges allows, and in which words the others are refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAddressGuard } from './address-guard.ts'

const refusals = (allow: readonly string[], ...addresses: readonly string[]) => {
  const { addressRefusal } = createAddressGuard(allow)
  return addresses.filter(address => addressRefusal(address) !== undefined)
}

test('each word allows its kind and nothing else', () => {
  const kinds = {
    loopback: ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1'],
    private: ['10.0.0.1', '172.31.0.1', '192.168.0.1', '100.64.0.1', 'fd12::1', '::ffff:10.0.0.1'],
    public: ['8.8.8.8', '172.32.0.1', '2606:4700::1', '::ffff:8.8.8.8'],
    'link-local': ['169.254.1.1', 'fe80::1', 'fe80::1%eth0'],
  }
  for (const [word, own] of Object.entries(kinds)) {
    const others = Object.values(kinds)
      .flat()
      .filter(address => !own.includes(address))
    assert.deepEqual(refusals([word], ...own, ...others), others, word)
  }
})

test('no word reaches what is special', () => {
  const special = [
    '0.0.0.0 0.1.2.3 169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16',
    '192.0.0.192 192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 192.88.99.1 224.0.0.1',
    '239.1.1.1 240.0.0.1 255.255.255.255 :: 64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1::',
    '2001::1 2001:db8::1 ::7f00:1 ::ffff:0:7f00:1 fd00:ec2::254 fd20:ce::254 ff02::1',
    'fec0::1 100::1 4000::1 ::ffff:169.254.169.254 3fff::1 5f00::1 2001:10::1',
  ].flatMap(line => line.split(' '))
  assert.deepEqual(refusals(['loopback', 'private', 'public', 'link-local'], ...special), special)
})

test('a range allows what lies in it, and a wide one opens nothing special by accident', () => {
  const asked = ['10.20.1.1', '10.21.1.1', '8.8.8.8']
  assert.deepEqual(refusals(['10.20.0.0/16'], ...asked), ['10.21.1.1', '8.8.8.8'])
  const special = ['127.0.0.1', '169.254.169.254', '169.254.1.1', '100.100.100.200', '224.0.0.1']
  assert.deepEqual(refusals(['0.0.0.0/0'], ...asked, ...special), special)
  assert.deepEqual(refusals(['::/0'], 'fd12::1', '::1', 'fe80::1', '64:ff9b::a00:1'), [
    '::1',
    'fe80::1',
    '64:ff9b::a00:1',
  ])
})

test('a range within a special one allows it', () => {
  for (const [range, address] of [
    ['127.0.0.0/8', '127.0.0.1'],
    ['169.254.0.0/16', '169.254.1.1'],
    ['169.254.169.254/32', '169.254.169.254'],
    ['fd00:ec2::254/128', 'fd00:ec2::254'],
    ['64:ff9b::/96', '64:ff9b::a00:1'],
    ['192.0.2.0/24', '192.0.2.9'],
    ['::1/128', '::1'],
  ] as const)
    assert.deepEqual(refusals([range], address), [], range)
  assert.deepEqual(refusals(['169.254.0.0/16'], '169.254.169.254'), ['169.254.169.254'])
})

test('a refusal says what the address is and what would allow it', () => {
  const { hostRefusal } = createAddressGuard(['public'])
  assert.equal(
    hostRefusal('0x7f.1'),
    'address 127.0.0.1 is loopback; allow loopback under addresses.allow if it is meant',
  )
  assert.equal(hostRefusal('[64:ff9b::1]'), '"[64:ff9b::1]" is no host name and no IP address')
  assert.equal(
    hostRefusal('224.0.0.1'),
    'address 224.0.0.1 is multicast; allow 224.0.0.1/32 under addresses.allow if it is meant',
  )
  assert.equal(hostRefusal('tools.internal'), undefined)
})
