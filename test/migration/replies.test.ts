import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { systemClock } from '../../src/base/clock.ts'
import { Service } from '../../src/service/service.ts'
import { load } from '../config/sources.ts'
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

/** Sends every request to a new kprf, one after the other; returns the answers by case. */
async function answers(...flags: readonly string[]): Promise<ReadonlyMap<Fact, Answer>> {
  const cluster = await TestCluster.start({ topics: TOPICS })
  const argv = [`--kafka.brokers=${cluster.bootstrap}`, `--output_file=${join(directory, 'log')}`]
  const config = load({ file: FILE, argv: [...argv, ...flags] })
  const build = { version: 'test', commitHash: 'test' }
  const service = new Service({ config, clock: systemClock, random: Math.random, build })
  try {
    const { httpPort } = await service.start()
    const answered = new Map<Fact, Answer>()
    for (const fact of FACTS) {
      answered.set(fact, await exchange(httpPort, requestOf(fact), fact.in_pieces))
    }
    return answered
  } finally {
    await service.stop('test')
    await cluster.close()
  }
}

/** Describes an answer by what the fact says of it. */
function seenAs(expected: Fact['rust'], fact: Fact, answer: Answer): unknown {
  if (expected === 'release' && isLikeRelease(answer, fact)) return 'release'
  return expected === 'release' ? answer : { status: answer.status }
}

describe('a client of the Rust kprf', () => {
  it('is answered as the facts say by default', async () => {
    for (const [fact, answer] of await answers()) {
      expect.soft(readmeReplyOf(answer), fact.case).toEqual(fact.readme)
      if (answer.status === 200) expect.soft(answer.body, fact.case).toBe(OK)
    }
  })

  it('is answered as the facts say with http.replies: rust', async () => {
    for (const [fact, answer] of await answers('--http.replies=rust')) {
      expect.soft(seenAs(fact.rust, fact, answer), fact.case).toEqual(fact.rust)
    }
  })

  it('is answered as the facts say with http.invalid_records: refuse_record, too', async () => {
    const flags = ['--http.replies=rust', '--http.invalid_records=refuse_record']
    for (const [fact, answer] of await answers(...flags)) {
      const expected = fact.rust_refuse_record
      expect.soft(seenAs(expected, fact, answer), fact.case).toEqual(expected)
    }
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
