// A caller wants to be told of what it does not ask for call by call: a stream is opened for it.
import type { Arrived, Decoded, Located, McpAnswer, OpenStream } from '#router/facts.ts'
import { answer, type Refusal, type Stage } from '#router/pipeline/stage.ts'

export interface Streams {
  readonly open: (
    call: Readonly<Arrived & Decoded & Located>,
  ) => Promise<{ readonly stream: OpenStream } | { readonly refusal: Refusal }>
}

export const listen = (streams: Streams): Stage<McpAnswer, Arrived & Decoded & Located> => ({
  name: 'listen',
  decide: async call => {
    const opened = await streams.open(call)
    return 'refusal' in opened
      ? { kind: 'refuse', refusal: opened.refusal }
      : answer({ kind: 'stream', stream: opened.stream })
  },
})
