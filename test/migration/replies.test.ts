import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { systemClock } from '../../src/base/clock.ts'
import { Service } from '../../src/service/service.ts'
import { load } from '../config/sources.ts'
import { type MetricSamples, parseMetrics } from '../support/metric-samples.ts'
import { type Answer, exchange } from './exchange.ts'
import { type Fact, FACTS, isLikeRelease, readmeReplyOf, requestOf } from './facts.ts'
import { withRepliesTable } from './table.ts'
import { VERDICTS } from './verdicts.ts'

const OK = '{"status":"ok","errors":[]}'
/** A broker takes records of `kafka.message_max_bytes`, with its batch around. */
const TOPICS = {
  't-sizes': { maxMessageBytes: 2_000_000 },
  't-max10k': { maxMessageBytes: 10_240 },
}
const FILE = `
kafka: { request_required_acks: 1, queue_buffering_max_ms: 0 }
http: { host: 127.0.0.1, port: 0, metrics_port: 0 }
ratelimit:
  enabled: true
  rules:
    - { topic_name: t-lim5, max_requests_per_minute: 5 }
    - { topic_name: t-lim5c, max_requests_per_minute: 5 }
    - { topic_name: t-lim0, max_requests_per_minute: 0 }
`
const directory = mkdtempSync(join(tmpdir(), 'kprf-'))

afterAll(() => {
  rmSync(directory, { recursive: true })
})

/** What a kprf answered to all requests, and what it counted. */
interface Seen {
  readonly answers: ReadonlyMap<Fact, Answer>
  readonly metrics: MetricSamples
}

/** Sends every request to a new kprf, one after the other, and waits until its queue is empty. */
async function send(...flags: readonly string[]): Promise<Seen> {
  const cluster = await TestCluster.start({ topics: TOPICS })
  const argv = [`--kafka.brokers=${cluster.bootstrap}`, `--output_file=${join(directory, 'log')}`]
  const config = load({ file: FILE, argv: [...argv, ...flags] })
  const build = { version: 'test', commitHash: 'test' }
  const service = new Service({ config, clock: systemClock, random: Math.random, build })
  try {
    const { httpPort, metricsPort } = await service.start()
    const answers = new Map<Fact, Answer>()
    for (const fact of FACTS) {
      answers.set(fact, await exchange(httpPort, requestOf(fact), fact.in_pieces))
    }
    const scrape = async (): Promise<MetricSamples> => {
      const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`)
      return parseMetrics(await response.text())
    }
    await expect.poll(async () => (await scrape()).sum('kafka_internal_queue_size')).toBe(0)
    return { answers, metrics: await scrape() }
  } finally {
    await service.stop('test')
    await cluster.close()
  }
}

/** Expects that every record that was received is delivered, failed or rejected. */
function expectBalance(metrics: MetricSamples): void {
  const names = ['kafka_sent_messages', 'kprf_records_failed_total', 'kprf_records_rejected_total']
  const settled = names.reduce((sum, name) => sum + metrics.sum(name), 0)
  expect(settled).toBeGreaterThan(FACTS.length)
  expect(metrics.sum('kprf_records_received_total')).toBe(settled)
}

/** Describes an answer by what the fact says of it. */
function seenAs(expected: Fact['rust'], fact: Fact, answer: Answer): unknown {
  if (expected === 'release' && isLikeRelease(answer, fact)) return 'release'
  return expected === 'release' ? answer : { status: answer.status }
}

describe('a client of the Rust kprf', () => {
  it('is answered as the facts say by default', async () => {
    const { answers, metrics } = await send()

    for (const [fact, answer] of answers) {
      const { errors, ...reply } = readmeReplyOf(answer)
      const isWithout = errors === undefined || fact.refused_by_node
      expect.soft(isWithout ? reply : { ...reply, errors }, fact.case).toEqual(fact.readme)
      if (answer.status === 200) expect.soft(answer.body, fact.case).toBe(OK)
    }
    expectBalance(metrics)
    expect(metrics.sum('kprf_records_rejected_total', { reason: 'invalid_topic' })).toBe(0)
  })

  it('is answered as the facts say with http.replies: rust', async () => {
    const { answers, metrics } = await send('--http.replies=rust')

    for (const [fact, answer] of answers) {
      expect.soft(seenAs(fact.rust, fact, answer), fact.case).toEqual(fact.rust)
    }
    expectBalance(metrics)
  })

  it('is answered as the facts say with http.invalid_records: refuse_record, too', async () => {
    const flags = ['--http.replies=rust', '--http.invalid_records=refuse_record']

    const { answers, metrics } = await send(...flags)

    for (const [fact, answer] of answers) {
      const expected = fact.rust_refuse_record
      expect.soft(seenAs(expected, fact, answer), fact.case).toEqual(expected)
    }
    expectBalance(metrics)
    expect(metrics.sum('kprf_records_rejected_total', { reason: 'invalid_topic' })).toBe(13)
  })
})

describe('the facts', () => {
  it.each(FACTS)('have a verdict for "$case": the same only with the same status', (fact) => {
    expect(Object.keys(VERDICTS)).toContain(fact.verdict)
    expect(fact.verdict === 'same').toBe(fact.readme.status === fact.release.status)
  })

  it('are what docs/MIGRATION.md says', async () => {
    const page = readFileSync(new URL('../../docs/MIGRATION.md', import.meta.url), 'utf8')

    expect(page).toBe(await withRepliesTable(page))
  })
})
