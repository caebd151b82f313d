// A histogram whose series are looked up once and then cost a few nanoseconds a record: the SDK's own hashes its attributes each time.
// The SDK still does the exposition: it collects from here like from any other producer.
import { ValueType } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  type HistogramMetricData,
  InstrumentType,
} from '@opentelemetry/sdk-metrics'

type Labels = Readonly<Record<string, string>>

export interface HistogramShape {
  readonly name: string
  readonly unit: string
  readonly description: string
  /** Upper bounds of the buckets, rising; one more bucket holds what is above the last. */
  readonly boundaries: readonly number[]
  /** Names of the labels, in the order in which `series` is given their values. */
  readonly labels: readonly string[]
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

/** A level for each label; the values are strings that live on, so looking one up costs no hashing. */
interface Level {
  readonly next: Map<string, Level>
  series?: Series
}

const emptyLevel = (): Level => ({ next: new Map() })

export class Histogram {
  readonly #shape: HistogramShape
  readonly #root = emptyLevel() // bounded by SERIES_LIMIT, and so many levels each
  readonly #all: Series[] = []
  readonly #startMs = Date.now()
  #overflow: Series | undefined

  constructor(shape: HistogramShape) {
    this.#shape = shape
  }

  /** The series of these values, one a label; an empty one means that the label does not apply. */
  series(...values: readonly string[]): Series {
    let level = this.#root
    for (const value of values) {
      let next = level.next.get(value)
      if (next === undefined) {
        if (this.#all.length >= SERIES_LIMIT) return this.#overflowing()
        next = emptyLevel()
        level.next.set(value, next)
      }
      level = next
    }
    if (level.series !== undefined) return level.series
    if (this.#all.length >= SERIES_LIMIT) return this.#overflowing()
    level.series = this.#add(this.#labelled(values))
    return level.series
  }

  #overflowing(): Series {
    this.#overflow ??= this.#add(OVERFLOW)
    return this.#overflow
  }

  #add(labels: Labels): Series {
    const series = new Series(labels, this.#shape.boundaries)
    this.#all.push(series)
    return series
  }

  #labelled(values: readonly string[]): Labels {
    const labels: Record<string, string> = {}
    for (const [index, name] of this.#shape.labels.entries()) {
      const value = values[index]
      if (value !== undefined && value !== '') labels[name] = value
    }
    return labels
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
      dataPoints: this.#all.map(({ labels, counts, sum, count }) => ({
        startTime,
        endTime,
        attributes: { ...labels },
        value: { buckets: { boundaries: [...boundaries], counts: [...counts] }, sum, count },
      })),
    } as HistogramMetricData
  }
}

const hrTime = (ms: number): [number, number] => [Math.floor(ms / 1_000), (ms % 1_000) * 1e6]
