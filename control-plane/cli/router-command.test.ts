// Flags of the router become its environment; a secret never stays beside the file that would override it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { routerSettings } from '#foundation/router-settings.ts'
import { routerEnvironment, routerFlags } from './router-command.ts'

test('every setting has a flag, and each flag names its variable', () => {
  assert.equal(routerFlags.length, Object.keys(routerSettings).length)
  for (const { flags, says, setting } of routerFlags) {
    assert.ok(flags.startsWith(`--${setting.flag} <`), flags)
    assert.ok(says.includes(setting.env), says)
  }
})

test('a flag stands above the variable, and other variables stay', () => {
  const env = routerEnvironment(
    { adminPort: '0', policies: 'p' },
    { RINGMAIN_ADMIN_PORT: '9', RINGMAIN_PORT: '8', PATH: '/bin' },
  )
  assert.equal(env['RINGMAIN_ADMIN_PORT'], '0')
  assert.equal(env['RINGMAIN_POLICIES'], 'p')
  assert.equal(env['RINGMAIN_PORT'], '8')
  assert.equal(env['PATH'], '/bin')
})

test('a secret given as a flag is not overridden by the file that a variable names', () => {
  const before = { RINGMAIN_CONSUL_TOKEN_FILE: '/run/token' }
  assert.deepEqual(routerEnvironment({ consulToken: 's' }, before), { RINGMAIN_CONSUL_TOKEN: 's' })
  assert.deepEqual(routerEnvironment({}, before), before)
})
