// Metrics: the OpenTelemetry API for those who record, the SDK behind it, Prometheus text on request. Nothing listens here.
import type { Meter } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

export interface Telemetry {
  readonly meter: Meter
  /** Prometheus text exposition of all that was recorded. */
  readonly scrape: () => Promise<string>
  readonly close: () => Promise<void>
}

export const SCRAPE_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function createTelemetry(service: string, version: string): Telemetry {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
    readers: [exporter],
  })
  const serializer = new PrometheusSerializer()
  return {
    meter: provider.getMeter(service, version),
    scrape: async () => {
      const { resourceMetrics, errors } = await exporter.collect()
      if (errors.length > 0) throw new AggregateError(errors, 'metrics could not be collected')
      return serializer.serialize(resourceMetrics)
    },
    close: () => provider.shutdown(),
  }
}
