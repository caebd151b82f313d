// A histogram whose series are looked up once and then cost a few nanoseconds a record: the SDK's own hashes its attributes each time.
// The SDK still does the exposition: it collects from here like from any other producer.
import { ValueType } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  type HistogramMetricData,
  InstrumentType,
} from '@opentelemetry/sdk-metrics'

export type Labels = Readonly<Record<string, string>>

export interface HistogramShape {
  readonly name: string
  readonly unit: string
  readonly description: string
  /** Upper bounds of the buckets, rising; one more bucket holds what is above the last. */
  readonly boundaries: readonly number[]
}

/** Most series of one histogram; what comes later is counted under `overflow`, so that no caller can fill the memory. */
const SERIES_LIMIT = 2_000
const OVERFLOW: Labels = Object.freeze({ 'otel.metric.overflow': 'true' })

export class Series {
  readonly labels: Labels
  readonly counts: Float64Array
  sum = 0
  count = 0
  readonly #boundaries: readonly number[]

  constructor(labels: Labels, boundaries: readonly number[]) {
    this.labels = labels
    this.#boundaries = boundaries
    this.counts = new Float64Array(boundaries.length + 1)
  }

  record(value: number): void {
    let bucket = 0
    while (bucket < this.#boundaries.length && value > (this.#boundaries[bucket] as number))
      bucket += 1
    this.counts[bucket] = (this.counts[bucket] as number) + 1
    this.sum += value
    this.count += 1
  }
}

export class Histogram {
  readonly #shape: HistogramShape
  readonly #series = new Map<string, Series>()
  readonly #startMs = Date.now()

  constructor(shape: HistogramShape) {
    this.#shape = shape
  }

  /** The series of a key, made from its labels the first time. Equal keys must mean equal labels. */
  series(key: string, labels: () => Labels): Series {
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.#series.size >= SERIES_LIMIT && key !== 'overflow')
      return this.series('overflow', () => OVERFLOW)
    const series = new Series(labels(), this.#shape.boundaries)
    this.#series.set(key, series)
    return series
  }

  /** All series so far, in the SDK's form. */
  collect(): HistogramMetricData {
    const { name, unit, description, boundaries } = this.#shape
    const startTime = hrTime(this.#startMs)
    const endTime = hrTime(Date.now())
    return {
      descriptor: {
        name,
        unit,
        description,
        type: InstrumentType.HISTOGRAM,
        valueType: ValueType.DOUBLE,
        advice: {},
      },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: [...this.#series.values()].map(({ labels, counts, sum, count }) => ({
        startTime,
        endTime,
        attributes: { ...labels },
        value: { buckets: { boundaries: [...boundaries], counts: [...counts] }, sum, count },
      })),
    } as HistogramMetricData
  }
}

const hrTime = (ms: number): [number, number] => [Math.floor(ms / 1_000), (ms % 1_000) * 1e6]
