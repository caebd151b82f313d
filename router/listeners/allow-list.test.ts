// Which Host and Origin are served: names of the list, in any case and on any port, and nothing that only looks like them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAllowList } from './allow-list.ts'

const list = createAllowList(
  ['localhost', '127.0.0.1', '::1', 'Router.Example'],
  ['https://Console.example:8443', 'vscode-webview://abc'],
)

test('a host of the list is served on any port and in any case', () => {
  for (const host of [
    'localhost',
    'localhost:7400',
    'LOCALHOST:1',
    '127.0.0.1:7400',
    '[::1]',
    '[::1]:7400',
    'router.example:443',
  ])
    assert.equal(list.isHostAllowed(host), true, host)
})

test('any other host is not', () => {
  for (const host of [
    undefined,
    '',
    ':7400',
    'localhost.',
    'localhost.evil.example',
    'evil.example:7400',
    'evil.example#localhost',
    'localhost:7400@evil.example',
    'localhost:port',
    'localhost:123456',
    'localhost:65536',
    '127.0.0.1:99999',
    '127.0.0.1.nip.io',
    '127.0.0.2',
    '::1',
    '[::2]',
    '[::1',
    'local host',
    'http://localhost',
  ])
    assert.equal(list.isHostAllowed(host), false, String(host))
})

test('no origin is no browser', () => {
  assert.equal(list.isOriginAllowed(undefined), true)
})

test('an origin of an allowed host, or one of the list, is served', () => {
  for (const origin of [
    'http://localhost',
    'http://localhost:5173',
    'https://LOCALHOST',
    'http://[::1]:8080',
    'https://console.example:8443',
    'vscode-webview://abc',
  ])
    assert.equal(list.isOriginAllowed(origin), true, origin)
})

test('any other origin is not', () => {
  for (const origin of [
    '',
    'null',
    'localhost',
    'https://console.example',
    'http://console.example:8443',
    'https://console.example:8443.evil.example',
    'http://evil.example',
    'http://localhost.evil.example',
    'http://localhost@evil.example',
    'http://evil.example/localhost',
    'file://localhost',
    'ftp://localhost',
    'vscode-webview://other',
    'http://localhost, http://evil.example',
    'http://evil@localhost',
    'http://localhost/evil',
    'http://localhost/',
    'http:localhost',
    'http://127.1',
    'http://local\thost',
    ' http://localhost',
    'http://localhost?',
    'http://localhost:65536',
  ])
    assert.equal(list.isOriginAllowed(origin), false, origin)
})
