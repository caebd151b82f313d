// Settings from the environment: every one read, every problem told at once, nothing guessed.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { routerSettings, type Setting } from './router-settings.ts'
import { type RouterSettings, readRouterSettings } from './settings.ts'

type Env = Readonly<Record<string, string>>

const settingsOf = (env: Env): RouterSettings => {
  const read = readRouterSettings(env)
  assert.ok('settings' in read, JSON.stringify(read))
  return read.settings
}

const problemsOf = (env: Env): readonly string[] => {
  const read = readRouterSettings(env)
  assert.ok('problems' in read, 'it was taken')
  return read.problems.map(({ env: name, says }) => `${name}: ${says}`)
}

test('without a variable every setting has its default, and those without one are absent', () => {
  const settings = settingsOf({})
  assert.equal(settings.host, '127.0.0.1')
  assert.equal(settings.port, 7_400)
  assert.equal(settings.adminPort, 7_402)
  assert.equal(settings.maxBody, 4_194_304)
  assert.equal(settings.headersTimeout, 5_000)
  assert.equal(settings.drain, 60_000)
  assert.deepEqual(settings.allowHosts, ['localhost', '127.0.0.1', '::1'])
  assert.deepEqual(settings.allowOrigins, [])
  assert.equal(settings.policies, undefined)
  assert.equal(settings.sessionKey, undefined)
  assert.ok(Object.isFrozen(settings) && Object.isFrozen(settings.allowHosts))
})

test('each kind is read as what it is', () => {
  const settings = settingsOf({
    RINGMAIN_POLICIES: '/etc/ringmain',
    RINGMAIN_PORT: '0',
    RINGMAIN_MAX_CONNECTIONS: '5',
    RINGMAIN_MAX_BODY: '1000000000',
    RINGMAIN_DRAIN: '250ms',
    RINGMAIN_CONSUL: ' http://a:8500 ,,http://b:8500,',
    RINGMAIN_CONSUL_TOKEN: 'token',
  })
  assert.equal(settings.policies, '/etc/ringmain')
  assert.equal(settings.port, 0)
  assert.equal(settings.maxConnections, 5)
  assert.equal(settings.maxBody, 1_000_000_000)
  assert.equal(settings.drain, 250)
  assert.deepEqual(settings.consul, ['http://a:8500', 'http://b:8500'])
  assert.equal(settings.consulToken, 'token')
})

test('an empty variable counts as absent', () => {
  assert.equal(settingsOf({ RINGMAIN_PORT: '', RINGMAIN_POLICIES: '' }).port, 7_400)
  assert.equal(settingsOf({ RINGMAIN_POLICIES: '' }).policies, undefined)
})

test('all problems are told at once, each with its variable, what was expected and what was got', () => {
  assert.deepEqual(
    problemsOf({ RINGMAIN_PORT: '65536', RINGMAIN_DRAIN: '5', RINGMAIN_MAX_CONNECTIONS: '0' }),
    [
      'RINGMAIN_PORT: expected a whole number from 0 to 65535, got "65536"',
      'RINGMAIN_MAX_CONNECTIONS: expected a whole number from 1 to 1000000000, got "0"',
      'RINGMAIN_DRAIN: expected a duration above zero and up to 24h, such as 250ms, 3s, 5m or 1h, got "5"',
    ],
  )
})

test('numbers that are not whole, or not written as digits, are refused', () => {
  for (const text of ['-1', '1.5', '1e3', '0x10', ' 80', '80 ', 'port', '99999999999'])
    assert.equal(problemsOf({ RINGMAIN_PORT: text }).length, 1, text)
})

test('a time limit of nothing would be no limit, and is refused', () => {
  for (const name of ['RINGMAIN_HEADERS_TIMEOUT', 'RINGMAIN_REQUEST_TIMEOUT'])
    assert.match(problemsOf({ [name]: '0s' })[0] ?? '', /expected a duration .*, got "0s"$/)
})

test('a duration that no timer can hold is refused, since it would fire at once', () => {
  assert.equal(settingsOf({ RINGMAIN_DRAIN: '24h' }).drain, 86_400_000)
  for (const text of ['86400001ms', '25h', '9999999h'])
    assert.match(problemsOf({ RINGMAIN_DRAIN: text })[0] ?? '', /up to 24h, /, text)
})

test('a host or an origin that no header could say is refused, and not left to serve nobody', () => {
  const { allowHosts, allowOrigins } = settingsOf({
    RINGMAIN_ALLOW_HOSTS: 'Tools.internal, my_host,10.0.0.1,fd00::1,',
    RINGMAIN_ALLOW_ORIGINS: 'https://app.example:8443, chrome-extension://abc,http://[::1]:3000',
  })
  assert.deepEqual(allowHosts, ['Tools.internal', 'my_host', '10.0.0.1', 'fd00::1'])
  assert.deepEqual(allowOrigins, [
    'https://app.example:8443',
    'chrome-extension://abc',
    'http://[::1]:3000',
  ])
  assert.deepEqual(settingsOf({ RINGMAIN_ALLOW_ORIGINS: ',' }).allowOrigins, [])
  for (const text of ['tools:7400', '[::1]', '*', '*.internal', 'http://tools', 'a,b c', ',', 'a/'])
    assert.deepEqual(problemsOf({ RINGMAIN_ALLOW_HOSTS: text }), [
      `RINGMAIN_ALLOW_HOSTS: expected host names and IP addresses without a port or brackets, with commas between them, got ${JSON.stringify(text)}`,
    ])
  for (const text of [
    'app.example',
    'https://app.example/',
    '*',
    'https://*',
    'null',
    'http://',
    'https://a@b',
  ])
    assert.match(
      problemsOf({ RINGMAIN_ALLOW_ORIGINS: text })[0] ?? '',
      /^RINGMAIN_ALLOW_ORIGINS: expected origins as browsers write them, /,
      text,
    )
})

test('addresses of Consul are whole URLs', () => {
  assert.deepEqual(
    settingsOf({ RINGMAIN_CONSUL: 'https://a.example/consul,http://[::1]:1' }).consul,
    ['https://a.example/consul', 'http://[::1]:1'],
  )
  for (const text of [
    'localhost:8500',
    'a:8500,http://b',
    'ftp://a',
    'http://',
    'http:/a',
    ',',
    'http://a b',
  ])
    assert.deepEqual(problemsOf({ RINGMAIN_CONSUL: text }), [
      `RINGMAIN_CONSUL: expected http or https URLs without a user name, a password or a query, with commas between them, got ${JSON.stringify(text)}`,
    ])
})

test('a URL that holds a secret is refused by its variable, and the secret is not repeated', () => {
  for (const text of [
    'http://user:hunter2@a:8500',
    'http://hunter2@a:8500',
    'http://a:8500,user:hunter2@b',
    'http://a:8500?token=hunter2',
    'http://a:8500#hunter2',
  ]) {
    const [problem = ''] = problemsOf({ RINGMAIN_CONSUL: text })
    assert.match(problem, /^RINGMAIN_CONSUL: expected .* got one that may hold a secret$/, text)
    assert.doesNotMatch(problem, /hunter2/)
  }
})

test('the name in the certificates of the agents is a host name, since TLS asks for no address', () => {
  const env = 'RINGMAIN_CONSUL_SERVER_NAME'
  for (const text of ['server.dc1.consul', 'localhost', '3com.example', 'a--b.c1'])
    assert.equal(settingsOf({ [env]: text }).consulServerName, text)
  for (const text of ['10.0.0.1', '::1', 'a..b', 'a.', '.a', '-a', 'a b', `${'a.'.repeat(126)}ab`])
    assert.match(
      problemsOf({ [env]: text })[0] ?? '',
      /expected a host name .* no IP address/,
      text,
    )
})

test('a choice is one of its words, and nothing else quietly means one of them', () => {
  assert.equal(settingsOf({ RINGMAIN_EXPOSE_WITHOUT_AUTH: 'yes' }).exposeWithoutAuth, 'yes')
  for (const text of ['true', 'YES', '1', 'yes '])
    assert.deepEqual(problemsOf({ RINGMAIN_EXPOSE_WITHOUT_AUTH: text }), [
      `RINGMAIN_EXPOSE_WITHOUT_AUTH: expected yes or no, got ${JSON.stringify(text)}`,
    ])
  assert.deepEqual(problemsOf({ RINGMAIN_LOG_LEVEL: 'loud' }), [
    'RINGMAIN_LOG_LEVEL: expected trace, debug, info, warn, error or silent, got "loud"',
  ])
})

test('a secret may stand in a file, which goes before the variable', t => {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-settings-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  writeFileSync(file, 'from-file\n')
  const env = { RINGMAIN_CONSUL_TOKEN_FILE: file, RINGMAIN_CONSUL_TOKEN: 'from-variable' }
  assert.equal(settingsOf(env).consulToken, 'from-file')
  assert.match(
    problemsOf({ RINGMAIN_SESSION_KEY_FILE: join(folder, 'none') })[0] ?? '',
    /^RINGMAIN_SESSION_KEY_FILE: cannot be read: ENOENT/,
  )
})

test('only secrets are read from files', () => {
  assert.equal(settingsOf({ RINGMAIN_PORT_FILE: '/nowhere' }).port, 7_400)
})

test('flags and variables are one list: unique, of one form, each explained', () => {
  const all: readonly Setting[] = Object.values(routerSettings)
  assert.equal(new Set(all.map(({ flag }) => flag)).size, all.length)
  assert.equal(new Set(all.map(({ env }) => env)).size, all.length)
  for (const { flag, env, says } of all) {
    assert.equal(env, `RINGMAIN_${flag.toUpperCase().replaceAll('-', '_')}`)
    assert.match(says, /\.$/)
  }
})
