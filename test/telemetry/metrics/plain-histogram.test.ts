import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { REQUEST_MS, TOPIC_MS } from '../../../src/telemetry/metrics/buckets.ts'
import { HistogramSeries, PlainHistogram } from '../../../src/telemetry/metrics/plain-histogram.ts'
import { parseExposition, valueOf } from './parse-exposition.ts'

describe('HistogramSeries', () => {
  test.each([
    [0, 0],
    [0.5, 0],
    [0.500001, 1],
    [5, 3],
    [5.000001, 4],
    [20_480, 15],
    [20_480.000001, 16],
    [Infinity, 16],
  ])('counts %s ms from bin %i upwards', (durationMs, firstBin) => {
    const series = new HistogramSeries(REQUEST_MS)

    series.observe(durationMs)

    const expected = Array.from({ length: 17 }, (_, bin) => (bin < firstBin ? 0 : 1))
    expect(series.cumulativeCounts()).toEqual(expected)
  })

  test('sums the durations', () => {
    const series = new HistogramSeries(REQUEST_MS)

    series.observe(1.5)
    series.observe(40)

    expect(series.sum).toBe(41.5)
  })

  test('counts equal values at once', () => {
    const series = new HistogramSeries([1, 10])

    series.observe(5, 3)

    expect(series.cumulativeCounts()).toEqual([0, 3, 3])
    expect(series.sum).toBe(15)
  })
})

describe('PlainHistogram', () => {
  const makeHistogram = (): { registry: Registry; histogram: PlainHistogram } => {
    const registry = new Registry()
    const histogram = new PlainHistogram({
      name: 'work_duration',
      help: 'How long work takes.',
      labelNames: ['kind'],
      buckets: REQUEST_MS,
      registry,
    })
    return { registry, histogram }
  }

  test.each([
    ['http_requests_duration', REQUEST_MS],
    ['kafka_message_send_duration', TOPIC_MS],
  ])('%s has the buckets of the Rust kprf', (_, buckets) => {
    expect(buckets).toEqual(expect.arrayContaining([5, 10, 20, 40, 80]))
    expect(buckets.toSorted((a, b) => a - b)).toEqual(buckets)
  })

  test('is written as cumulative buckets, sum and count', async () => {
    const { registry, histogram } = makeHistogram()
    const series = histogram.addSeries({ kind: 'hard' })

    for (const durationMs of [0.1, 7, 7, 30_000]) series.observe(durationMs)

    const exposition = parseExposition(await registry.metrics())
    const bucket = (le: string): number | undefined =>
      valueOf(exposition, 'work_duration_bucket', { kind: 'hard', le })
    expect(exposition.types.get('work_duration')).toBe('histogram')
    expect(['0.5', '5', '10', '20480', '+Inf'].map(bucket)).toEqual([1, 1, 3, 3, 4])
    expect(valueOf(exposition, 'work_duration_sum', { kind: 'hard' })).toBe(30_014.1)
    expect(valueOf(exposition, 'work_duration_count', { kind: 'hard' })).toBe(4)
    expect(exposition.samples).toHaveLength(REQUEST_MS.length + 3)
  })

  test('keeps its series apart', async () => {
    const { registry, histogram } = makeHistogram()
    const easy = histogram.addSeries({ kind: 'easy' })
    histogram.addSeries({ kind: 'hard' })

    easy.observe(1)

    const exposition = parseExposition(await registry.metrics())
    expect(valueOf(exposition, 'work_duration_count', { kind: 'easy' })).toBe(1)
    expect(valueOf(exposition, 'work_duration_count', { kind: 'hard' })).toBe(0)
  })

  test('gives the same values as JSON, from which several processes are summed up', async () => {
    const { registry, histogram } = makeHistogram()
    histogram.addSeries({ kind: 'hard' }).observe(3)

    const [metric] = await registry.getMetricsAsJSON()

    expect(metric).toMatchObject({
      name: 'work_duration',
      help: 'How long work takes.',
      type: 'histogram',
      aggregator: 'sum',
    })
    expect(metric?.values).toContainEqual({
      metricName: 'work_duration_bucket',
      labels: { kind: 'hard', le: 5 },
      value: 1,
    })
  })
})
