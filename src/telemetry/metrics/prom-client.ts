/**
 * What kprf uses of prom-client. Its index also loads the push gateway, and so Node's TLS: 7 MiB and 5 ms that only this
 * would need.
 */
export { default as Counter } from 'prom-client/lib/counter.js'
export { default as Gauge } from 'prom-client/lib/gauge.js'
export { default as Histogram } from 'prom-client/lib/histogram.js'
export { default as Registry } from 'prom-client/lib/registry.js'
export { exponentialBuckets } from 'prom-client/lib/bucketGenerators.js'
export { default as collectDefaultMetrics } from 'prom-client/lib/defaultMetrics.js'
export type { CounterConfiguration } from 'prom-client'
