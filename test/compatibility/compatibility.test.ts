/** What other proxies answer, kprf answers, or otherwise on purpose. docs/REST-COMPATIBILITY.md is made of the same cases. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'
import { type Answer, type Case, CASES, PROXIES, TOPIC } from './cases.ts'
import { compatibilityPage } from './page.ts'

let cluster: TestCluster
let kprf: KprfProcess

beforeAll(async () => {
  cluster = await TestCluster.start({
    ...{ brokers: 1, autoCreateTopics: false, topics: { [TOPIC]: { partitions: 3 } } },
  })
  kprf = await startKprf(cluster.bootstrap)
})

afterAll(async () => {
  await kprf.stop()
  await cluster.close()
})

async function ask({ target, type, body }: Case): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${kprf.pushPort}${target}`, {
    method: 'POST',
    headers: { 'Content-Type': type, Accept: 'application/vnd.kafka.v2+json, application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await response.text()
  const { status } = response
  if (text === '') return { status }
  if (!text.endsWith('\r\n')) return { status, body: JSON.parse(text) as object }
  return {
    status,
    body: text
      .trim()
      .split('\r\n')
      .map((line) => JSON.parse(line) as object),
  }
}

const isLike = (answer: Answer, wanted: Answer): boolean => {
  try {
    expect(answer).toMatchObject({
      status: wanted.status,
      ...(wanted.body && { body: wanted.body }),
    })
    return true
  } catch {
    return false
  }
}

describe.each(PROXIES)('a client of %s', (proxy) => {
  it.each(
    CASES.filter((one) => one.proxy === proxy).map(
      (one) => [`${one.what}, ${one.target}`, one] as const,
    ),
  )('%s', async (_, one) => {
    const answer = await ask(one)

    const { status, body } = one.ours ?? one.theirs
    expect(answer).toMatchObject({ status, ...(body && { body }) })
    // A difference that is none must leave the page.
    if (one.ours !== undefined) expect(isLike(answer, one.theirs)).toBe(false)
    if (one.stored === undefined) return
    const stored = cluster.records(TOPIC).map(({ key, value }) => ({
      ...{ key: key && String(key), value: value && String(value) },
    }))
    expect(stored).toContainEqual(expect.objectContaining(one.stored))
  })
})

it('docs/REST-COMPATIBILITY.md has these cases (npm run docs)', async () => {
  const page = readFileSync(new URL('../../docs/REST-COMPATIBILITY.md', import.meta.url), 'utf8')

  expect(page).toBe(await compatibilityPage())
})
