// Types of progress.mjs.
export interface Progress {
  done(result: string): void
}

export function startProgress(what: string, stream?: NodeJS.WriteStream): Progress
