// An upstream answer that a test plays byte by byte, and what its reader asked of it.
import type { Attempt, UpstreamBody, UpstreamSink } from '#router/facts.ts'

export interface FakeBody extends UpstreamBody {
  /** `resume`, `rest`, `abort`, and `pause` where the reader would not take more. */
  readonly log: string[]
  readonly data: (chunk: string | Buffer) => void
  readonly end: () => void
  readonly broken: () => void
}

/** `whole`: what `collect` gives. */
export function fakeBody(whole: Buffer | 'too_large' | 'broken' = 'broken'): FakeBody {
  const log: string[] = []
  const early: ((sink: UpstreamSink) => void)[] = []
  let sink: UpstreamSink | undefined
  const play = (event: (to: UpstreamSink) => void): void => {
    if (sink === undefined) early.push(event)
    else event(sink)
  }
  return {
    log,
    pipe: to => {
      for (const event of early) event(to)
      sink = to
    },
    collect: limit =>
      Promise.resolve(Buffer.isBuffer(whole) && whole.length > limit ? 'too_large' : whole),
    breaksEarly: () => Promise.resolve(false),
    resume: () => void log.push('resume'),
    rest: () => void log.push('rest'),
    abort: () => void log.push('abort'),
    data: chunk =>
      play(to => {
        const bytes = Buffer.from(chunk)
        const mayGoOn = (to.lent ?? to.data)(bytes)
        if (to.lent !== undefined) bytes.fill(0x21) // as by the next read
        if (!mayGoOn) log.push('pause')
      }),
    end: () => play(to => to.end()),
    broken: () => play(to => to.broken()),
  }
}

type Answered = Extract<Attempt, { kind: 'answered' }>

export const answeredAs = (
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: FakeBody = fakeBody(),
): Answered & { readonly body: FakeBody } => ({
  kind: 'answered',
  status,
  contentType: headers['content-type'] ?? '',
  header: name => headers[name],
  body,
  firstByteMs: 1,
})
