// An endpoint's URL is where calls go: what two readers could read differently is refused, and no reason repeats it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpUrlRefusal } from './http-url.ts'

test('plain http and https URLs are accepted', () => {
  for (const url of [
    'http://127.0.0.1:9000/mcp',
    'https://tools.example',
    'HTTP://Tools.example/',
    'http://[::1]:9000/a/b',
  ])
    assert.equal(httpUrlRefusal(url), undefined, url)
})

test('anything else is refused with its reason', () => {
  const refused: Readonly<Record<string, RegExp>> = {
    'ftp://host/': /got one that begins with "ftp:"/,
    'http://user@host/': /user name/,
    'http://user:secret@host/': /user name/,
    'http://@host/': /user name/,
    'http://host/?q=secret': /query/,
    'http://host/?': /query/,
    'http://host/#secret': /query or a fragment/,
    'http://host:0/': /port 0/,
    'http://host:70000/': /expected an http or https URL/,
    'http:host': /expected an http or https URL/,
    'http:/host': /expected an http or https URL/,
    'http:\\\\host\\mcp': /expected an http or https URL/,
    'http://ho st/': /expected an http or https URL/,
    'host:9000': /expected an http or https URL/,
    '': /expected an http or https URL/,
  }
  for (const [url, reason] of Object.entries(refused)) {
    assert.match(httpUrlRefusal(url) ?? 'accepted', reason, url)
    assert.doesNotMatch(httpUrlRefusal(url) ?? '', /secret/)
  }
})
