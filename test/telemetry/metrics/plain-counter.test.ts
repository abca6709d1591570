import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { PlainCounter } from '../../../src/telemetry/metrics/plain-counter.ts'
import { parseExposition, valueOf } from './parse-exposition.ts'

function makeCounter(): { counter: PlainCounter<'topic' | 'mode'>; registry: Registry } {
  const registry = new Registry()
  const counter = new PlainCounter({
    name: 'records_total',
    help: 'Records.',
    labelNames: ['topic', 'mode'],
    registry,
  })
  return { counter, registry }
}

describe('PlainCounter', () => {
  test('shows the count of each series at each scrape', async () => {
    const { counter, registry } = makeCounter()
    const orders = counter.addSeries({ topic: 'orders', mode: 'sync' })
    const clicks = counter.addSeries({ topic: 'clicks', mode: 'async' })
    const scrape = async (topic: string, mode: string): Promise<number | undefined> =>
      valueOf(parseExposition(await registry.metrics()), 'records_total', { topic, mode })

    orders.count += 3
    expect(await scrape('orders', 'sync')).toBe(3)
    expect(await scrape('clicks', 'async')).toBe(0)

    orders.count += 1
    clicks.count += 2
    expect(await scrape('orders', 'sync')).toBe(4)
    expect(await scrape('clicks', 'async')).toBe(2)
  })

  test('is a counter without samples before it has a series', async () => {
    const { registry } = makeCounter()

    const { types, samples } = parseExposition(await registry.metrics())

    expect(types.get('records_total')).toBe('counter')
    expect(samples).toEqual([])
  })
})
