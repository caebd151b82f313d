// Processor time of this thread, to the microsecond. What Node tells of it is brought up to date by the kernel's tick, every four
// milliseconds on many machines: a turn of eight milliseconds would be told as anything from four to twelve. The clock that is
// exact can be reached through WASI alone.
import { WASI } from 'node:wasi'

/** A module that is nothing but its memory, where WASI writes the time. */
const MODULE = Uint8Array.from(
  Buffer.from('0061736d010000000503010001070a01066d656d6f72790200', 'hex'),
)
/** CLOCK_THREAD_CPUTIME_ID, as WASI numbers clocks. */
const THREAD_CPU_TIME = 3

/** What is used of it; Node's own types leave it to those of a browser. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
  ) => { readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } } }
}

export function threadClock(): () => number {
  const wasi = new WASI({ version: 'preview1' })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(MODULE))
  wasi.initialize(instance)
  const view = new DataView(instance.exports.memory.buffer)
  const read = wasi.wasiImport['clock_time_get'] as (
    clock: number,
    precision: bigint,
    at: number,
  ) => number
  return () => {
    const problem = read(THREAD_CPU_TIME, 0n, 0)
    if (problem !== 0) throw new Error(`clock_time_get: ${problem}`)
    return Number(view.getBigUint64(0, true)) / 1e6
  }
}
