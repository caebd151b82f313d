// What an answer on the wire says of a refusal, read as a client would.
import type { WireAnswer } from '#router/eras/codec.ts'

export interface WireProblem {
  readonly id: unknown
  /** JSON-RPC code; absent in a tool result. */
  readonly code: number | undefined
  readonly text: string
  readonly problem: Readonly<Record<string, unknown>> | undefined
  readonly result: Readonly<Record<string, unknown>> | undefined
  readonly data: Readonly<Record<string, unknown>> | undefined
}

interface Body {
  readonly id: unknown
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data: Readonly<Record<string, unknown>>
  }
  readonly result?: {
    readonly content: readonly { readonly text: string }[]
    readonly _meta: Readonly<Record<string, unknown>>
  }
}

export function problemOn({ body }: Pick<WireAnswer, 'body'>): WireProblem {
  const { id, error, result } = JSON.parse(body.toString()) as Body
  return {
    id,
    code: error?.code,
    text: error?.message ?? result?.content[0]?.text ?? '',
    problem: (error?.data['problem'] ?? result?._meta['dev.ringmain/problem']) as
      | Readonly<Record<string, unknown>>
      | undefined,
    result,
    data: error?.data,
  }
}
