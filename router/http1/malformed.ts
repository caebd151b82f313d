// Bytes that are no HTTP/1.1, or could be read in two ways.

export class Malformed extends Error {
  /** It is over a limit; otherwise nobody may read it. */
  readonly isTooLarge: boolean

  constructor(what: string, isTooLarge = false) {
    super(what)
    this.name = 'Malformed'
    this.isTooLarge = isTooLarge
  }
}

/** `what` is wrong is put into a sentence. */
export const malformed = (what: string): Malformed => new Malformed(what)
