/** A page of another origin in a real browser: it can push if its origin is listed, and no page else can. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { tokenHash } from '../../src/http/access/token-table.ts'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

const TOKEN = 'token-of-page'

let cluster: TestCluster
let kprf: KprfProcess
let pages: Server
let browser: Browser
let listed: Page
let other: Page

beforeAll(async () => {
  cluster = await TestCluster.start({ topics: { clicks: { partitions: 1 } } })
  pages = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html')
    response.end('<!doctype html><title>A page</title>')
  })
  pages.listen(0, '127.0.0.1')
  await once(pages, 'listening')
  const { port } = pages.address() as AddressInfo
  // Two origins of one server.
  const origin = `http://127.0.0.1:${port}`
  kprf = await startKprf(cluster.bootstrap, {
    'http.auth.tokens': JSON.stringify([{ principal: 'page', sha256: tokenHash(TOKEN) }]),
    'http.cors.origins': origin,
  })
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Continuous integration runs as root.
    args: ['--no-sandbox'],
  })
  listed = await browser.newPage()
  await listed.goto(origin)
  other = await browser.newPage()
  await other.goto(`http://localhost:${port}`)
}, 60_000)

afterAll(async () => {
  await browser.close()
  pages.close()
  await kprf.stop()
  await cluster.close()
})

/** What a page gets that pushes with `fetch`: status and body, or the error. */
async function push(page: Page, data: string, headers: Record<string, string>): Promise<unknown> {
  const body = JSON.stringify({ records: [{ topic: 'clicks', data }], wait_for_send: true })
  const url = `http://127.0.0.1:${kprf.pushPort}/push`
  return await page.evaluate(
    async (sent) => {
      try {
        const reply = await fetch(sent.url, {
          method: 'POST',
          headers: sent.headers,
          body: sent.body,
        })
        const requestId = reply.headers.get('X-Request-Id')
        return { status: reply.status, body: await reply.json(), hasRequestId: requestId !== null }
      } catch (error) {
        return String(error)
      }
    },
    { url, headers, body },
  )
}

const JSON_TYPE = { 'Content-Type': 'application/json' }
const WITH_TOKEN = { ...JSON_TYPE, Authorization: `Bearer ${TOKEN}` }

describe('Chromium', () => {
  it('lets a page of a listed origin push and read the reply', async () => {
    expect(await push(listed, 'of the listed page', WITH_TOKEN)).toMatchObject({
      ...{ status: 200, body: { status: 'ok' }, hasRequestId: true },
    })
    expect(valuesOf(cluster, 'clicks')).toContain('of the listed page')
  })

  it('lets that page read a refusal', async () => {
    expect(await push(listed, 'without a token', JSON_TYPE)).toMatchObject({
      ...{ status: 401, body: { error_code: 40101 } },
    })
  })

  it('lets no other page push', async () => {
    expect(await push(other, 'of another page', WITH_TOKEN)).toBe('TypeError: Failed to fetch')
    // Chromium sends this without asking first.
    expect(await push(other, 'as text', { 'Content-Type': 'text/plain' })).toBe(
      'TypeError: Failed to fetch',
    )
    expect(valuesOf(cluster, 'clicks').join()).not.toMatch(/another|text/)
  })

  it('sends beacons of a page of a listed origin, where clients need no token', async () => {
    const open = await startKprf(cluster.bootstrap, {
      'http.cors.origins': new URL(listed.url()).origin,
    })
    const url = `http://127.0.0.1:${open.pushPort}/push`
    const send = async (page: Page, data: string): Promise<boolean> => {
      const body = JSON.stringify({ records: [{ topic: 'clicks', data }] })
      const call = [url, body].map((text) => JSON.stringify(text)).join(', ')
      return await page.evaluate<boolean>(`navigator.sendBeacon(${call})`)
    }

    expect(await send(other, 'a beacon of another page')).toBe(true)
    expect(await send(listed, 'a beacon of the listed page')).toBe(true)

    await expect.poll(() => valuesOf(cluster, 'clicks')).toContain('a beacon of the listed page')
    await open.stop()
    expect(valuesOf(cluster, 'clicks')).not.toContain('a beacon of another page')
  })
})
