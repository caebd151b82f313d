// What calls have told of one replica. It is made with the first of them: of ten thousand replicas most are never called by one
// router, and what stands ready for each of them is copied by the collector while calls wait.
import { AdaptiveLimit } from './adaptive-limit.ts'
import { PeakAverage } from './peak-average.ts'
import { RunningMedian } from './running-median.ts'

export class Experience {
  readonly limit = new AdaptiveLimit()
  readonly average = new PeakAverage()
  /** Of times to first byte: what a call may expect, which the average, that jumps and counts failures, does not tell. */
  readonly firstBytes = new RunningMedian()
  restsUntilMs = 0
  /** It wants to be left alone until then: what comes of calls that cannot go elsewhere does not make it the cheapest. */
  askedUntilMs = 0

  /** Of a replica that is up since then. */
  constructor(upSinceMs: number) {
    this.average.begin(upSinceMs)
  }

  /** What it was before it went away says nothing of what it is now. */
  beginAnew(nowMs: number): void {
    this.average.begin(nowMs)
    this.restsUntilMs = nowMs
    this.askedUntilMs = nowMs
    this.limit.forget()
  }
}
