// Gauges whose labels come and go, read anew at each collection. The SDK's observable ones keep the last value of every
// label they ever saw: a replica that left would be told as healthy for ever, until new ones found no room.
import { type Attributes, ValueType } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  type GaugeMetricData,
  InstrumentType,
} from '@opentelemetry/sdk-metrics'

export type Observe<Name extends string = string> = (
  name: Name,
  value: number,
  labels: Attributes,
) => void

export interface Gauges<Name extends string = string> {
  /** What each gauge tells, by its name. */
  readonly descriptions: Readonly<Record<Name, string>>
  /** Tells every value that there is now; called once a collection. */
  readonly read: (observe: Observe<Name>) => void
}

/** All values of now, in the SDK's form. */
export function collectGauges({ descriptions, read }: Gauges): readonly GaugeMetricData[] {
  const nowMs = Date.now()
  const time: [number, number] = [Math.floor(nowMs / 1_000), (nowMs % 1_000) * 1e6]
  const points = new Map<string, GaugeMetricData['dataPoints']>() // one entry for each gauge
  for (const name of Object.keys(descriptions)) points.set(name, [])
  read((name, value, attributes) =>
    points.get(name)?.push({ startTime: time, endTime: time, attributes, value }),
  )
  return [...points].map(([name, dataPoints]) => ({
    descriptor: {
      name,
      unit: '',
      description: descriptions[name] ?? '',
      type: InstrumentType.OBSERVABLE_GAUGE,
      valueType: ValueType.DOUBLE,
      advice: {},
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.GAUGE,
    dataPoints,
  })) as GaugeMetricData[]
}
