// Metrics: the OpenTelemetry API for those who record, the SDK behind it, Prometheus text on request. Nothing listens here.
import type { Meter } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, type MetricProducer } from '@opentelemetry/sdk-metrics'
import { collectGauges, type Gauges } from './gauges.ts'
import { Histogram, type HistogramShape } from './histogram.ts'

export interface Telemetry {
  readonly meter: Meter
  /** For what every call records. */
  readonly histogram: (shape: HistogramShape) => Histogram
  /** For what is told by label and may be gone tomorrow: the SDK's own would show its last value for ever. */
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
