// Metrics: the OpenTelemetry API for those who record, the SDK behind it, Prometheus text on request. Nothing listens here.
import { type Attributes, type Meter, ValueType } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  DataPointType,
  type GaugeMetricData,
  InstrumentType,
  MeterProvider,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import { Histogram, type HistogramShape } from './histogram.ts'

export type Observe<Name extends string = string> = (
  name: Name,
  value: number,
  labels: Attributes,
) => void

/**
 * Gauges whose labels come and go, read anew at each collection. The SDK's observable ones keep the last value of every
 * label they ever saw: a replica that left would be told as healthy for ever, until new ones found no room.
 */
export interface Gauges<Name extends string = string> {
  /** What each gauge tells, by its name. */
  readonly descriptions: Readonly<Record<Name, string>>
  /** Tells every value that there is now; called once a collection. */
  readonly read: (observe: Observe<Name>) => void
}

export interface Telemetry {
  readonly meter: Meter
  /** For what every call records. */
  readonly histogram: (shape: HistogramShape) => Histogram
  /** For what is told by label and may be gone tomorrow. */
  readonly gauges: (gauges: Gauges) => void
  /** Prometheus text exposition of all that was recorded. */
  readonly scrape: () => Promise<string>
  readonly close: () => Promise<void>
}

export const SCRAPE_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function createTelemetry(service: string, version: string): Telemetry {
  const resource = resourceFromAttributes({ 'service.name': service, 'service.version': version })
  const histograms: Histogram[] = []
  const gaugeSets: Gauges[] = []
  const producer: MetricProducer = {
    collect: () => {
      const metrics = [
        ...histograms.map(histogram => histogram.collect()),
        ...gaugeSets.flatMap(collectGauges),
      ]
      const scopeMetrics = [{ scope: { name: service, version }, metrics }]
      return Promise.resolve({ resourceMetrics: { resource, scopeMetrics }, errors: [] })
    },
  }
  const exporter = new PrometheusExporter({ preventServerStart: true, metricProducers: [producer] })
  const provider = new MeterProvider({ resource, readers: [exporter] })
  const serializer = new PrometheusSerializer()
  return {
    meter: provider.getMeter(service, version),
    histogram: shape => {
      const histogram = new Histogram(shape)
      histograms.push(histogram)
      return histogram
    },
    gauges: gauges => void gaugeSets.push(gauges),
    scrape: async () => {
      const { resourceMetrics, errors } = await exporter.collect()
      if (errors.length > 0) throw new AggregateError(errors, 'metrics could not be collected')
      return serializer.serialize(resourceMetrics)
    },
    close: () => provider.shutdown(),
  }
}

/** All values of now, in the SDK's form. */
function collectGauges({ descriptions, read }: Gauges): readonly GaugeMetricData[] {
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
