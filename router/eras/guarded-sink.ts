// Reads what a tool server sends: a fault of our own in that is the end of one answer. Thrown on into the connection it would be the end of the process,
// and any tool server that finds one could end it.
import type { UpstreamSink } from '#router/facts.ts'

export const guardedSink = (sink: UpstreamSink, failed: (error: unknown) => void): UpstreamSink => {
  const guarded = (read: UpstreamSink['data']) => (bytes: Buffer) => {
    try {
      return read(bytes)
    } catch (error) {
      failed(error)
      return true
    }
  }
  return {
    data: guarded(sink.data),
    ...(sink.lent === undefined ? {} : { lent: guarded(sink.lent) }),
    end: () => {
      try {
        sink.end()
      } catch (error) {
        failed(error)
      }
    },
    broken: () => sink.broken(),
  }
}
