import { Gauge, type Registry } from './prom-client.ts'

/** When the first certificate of each use expires, milliseconds since the epoch. */
export type CertificateExpiries = ReadonlyMap<string, number>

const MS_PER_SECOND = 1_000

/** Declares when certificates expire. @param read - called at each scrape. */
export function declareCertificates(registry: Registry, read: () => CertificateExpiries): void {
  const gauge = new Gauge<'use'>({
    name: 'kprf_certificate_expiry_seconds',
    help: 'Unix time at which a certificate expires, the first of several: of the port for pushes (http), of the operations port (metrics), of kprf as a client of Kafka (kafka_client), and of the authorities that it trusts for brokers (kafka_ca).',
    labelNames: ['use'],
    aggregator: 'min',
    registers: [registry],
    collect: () => {
      gauge.reset()
      for (const [use, expiryMs] of read()) gauge.set({ use }, expiryMs / MS_PER_SECOND)
    },
  })
}
