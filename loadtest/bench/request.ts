// The one call that every arm is sent, byte for byte, and the one answer behind all of them.
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

export const CALL = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'search', arguments: { query: 'travel policy', limit: 5 }, _meta: META },
})

export const ANSWER = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  result: {
    resultType: 'complete',
    content: [{ type: 'text', text: 'Take the train for journeys under five hours.' }],
    structuredContent: { total: 1 },
  },
})

export interface Token {
  readonly jwt: string
  readonly publicKeyPem: string
}

const DAY_S = 86_400

/** Signed anew for each run: no key lies in the repository. `nowS` is Unix time. */
export function signToken(nowS: number): Token {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    iss: 'https://issuer.bench.invalid',
    aud: 'https://router.bench.invalid/mcp',
    sub: 'agent-0001',
    iat: nowS,
    exp: nowS + DAY_S,
    scope: 'search:read',
    groups: ['research', 'travel'],
    tenant: 'bench',
  }
  const signed = `${part({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(signed), {
    key: createPrivateKey(pair.privateKey),
    dsaEncoding: 'ieee-p1363', // the form of a JWT; the default one is refused by every verifier
  })
  return { jwt: `${signed}.${signature.toString('base64url')}`, publicKeyPem: pair.publicKey }
}

/** Of another key: whoever verifies refuses it. */
export const forged = (token: Token, nowS: number): string =>
  `${token.jwt.slice(0, token.jwt.lastIndexOf('.'))}${signToken(nowS).jwt.replace(/^.*\./s, '.')}`

export const headersFor = (jwt: string): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${jwt}`,
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'search',
})
