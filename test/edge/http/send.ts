// Sends bytes on a bare connection and reads what comes back as strictly as the answers must be written.
import { connect } from 'node:net'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const HEAD =
  /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[\x20-\x7e]*\r\n)*)\r\n/

/** The first answer in the text, and what follows it; undefined while it is not whole. Throws on what is no HTTP answer. */
function firstAnswer(
  text: string,
  isToHead: boolean,
): { readonly answer: Answer; readonly rest: string } | undefined {
  if (!text.includes('\r\n\r\n')) return undefined
  const match = HEAD.exec(text)
  if (match === null) throw new Error(`no HTTP answer: ${JSON.stringify(text.slice(0, 200))}`)
  const [head, status = '', lines = ''] = match
  const headers: Record<string, string> = {}
  for (const line of lines.split('\r\n').filter(Boolean)) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  if (status === '100') return firstAnswer(text.slice(head.length), isToHead)
  if (headers['transfer-encoding'] === 'chunked') {
    const whole = /^(?:[0-9a-f]+\r\n[^]*?\r\n)*?0\r\n\r\n/.exec(text.slice(head.length))?.[0]
    if (whole === undefined) return undefined
    const rest = text.slice(head.length + whole.length)
    return { answer: { status: Number(status), headers, body: '' }, rest }
  }
  const isLast = headers['connection'] === 'close' // then the end of the connection is the end of the body
  const isBare = isToHead || status === '204'
  const length = isBare ? 0 : Number(headers['content-length'] ?? (isLast ? 0 : Number.NaN))
  if (Number.isNaN(length)) throw new Error(`an answer without a length: ${head}`)
  if (text.length < head.length + length) return undefined
  const body = text.slice(head.length, head.length + length)
  return {
    answer: { status: Number(status), headers, body },
    rest: text.slice(head.length + length),
  }
}

/** Everything that is answered, until `enough` answers have come or the other side ends the connection. */
export function exchange(
  port: number,
  pieces: readonly string[],
  enough: number,
): Promise<readonly Answer[]> {
  return new Promise((resolve, reject) => {
    const answers: Answer[] = []
    const isToHead = pieces[0]?.startsWith('HEAD ') ?? false
    let text = ''
    let sent = 0
    const socket = connect(port, '127.0.0.1')
    const send = (): void => {
      const piece = pieces[sent]
      sent += 1
      if (piece !== undefined && socket.writable) socket.write(piece, 'latin1')
    }
    const finish = (): void => {
      socket.destroy()
      resolve(answers)
    }
    const read = (): void => {
      const next = () => firstAnswer(text, isToHead && answers.length === 0)
      for (let found = next(); found !== undefined; found = next()) {
        answers.push(found.answer)
        text = found.rest
        if (answers.length >= enough) return finish()
        send()
      }
    }
    socket.on('connect', send)
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      try {
        read()
      } catch (error) {
        socket.destroy()
        reject(error)
      }
    })
    socket.on('end', finish)
    socket.on('error', finish) // reset: what had come by then has come
  })
}
