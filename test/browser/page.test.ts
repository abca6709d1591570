/** The page of the operations port in Chromium, while kprf is well and while it is not. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { fault, TestCluster, type TestClusterOptions } from '@kprf/embedded-broker/testing'
import { tokenHash } from '../../src/http/access/token-table.ts'
import { type KprfProcess, type KprfSettings, startKprf } from '../support/kprf-process.ts'
import type { Push } from '../support/push.ts'
import { gather, Pump } from './support/pump.ts'
import { launch } from './support/launch.ts'
import { DESKTOP, PHONE, TAKES_PICTURES, Viewer } from './support/viewer.ts'

let browser: Browser

beforeAll(async () => {
  browser = await launch()
})

afterAll(async () => {
  await browser.close()
})

const TOPICS = { orders: { partitions: 3 }, payments: { partitions: 1 }, clicks: { partitions: 1 } }

/** A kprf on a cluster of its own. */
async function start(
  settings: KprfSettings = {},
  options: TestClusterOptions = {},
): Promise<{ kprf: KprfProcess; cluster: TestCluster }> {
  const cluster = await TestCluster.start({ topics: TOPICS, ...options })
  onTestFinished(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, settings)
  onTestFinished(() => kprf.destroy())
  return { kprf, cluster }
}

async function open(
  kprf: KprfProcess,
  options: Parameters<typeof Viewer.open>[2] = {},
): Promise<Viewer> {
  const viewer = await Viewer.open(browser, kprf.operationsPort, options)
  onTestFinished(() => viewer.close())
  return viewer
}

function pump(kprf: KprfProcess, push: (number: number) => Push, pauseMs?: number): Pump {
  const made = new Pump(kprf, push, pauseMs)
  onTestFinished(() => made.stop())
  return made
}

/** A few records for each topic; they wait for their delivery. */
const MIXED = (number: number): Push => ({
  records: [
    { topic: 'orders', key: `k${number % 7}`, data: `order ${number}` },
    ...(number % 2 === 0 ? [{ topic: 'payments', data: 'x'.repeat(100) }] : []),
    ...Array.from({ length: 5 + (number % 40) / 8 }, () => ({ topic: 'clicks', data: 'click' })),
  ],
  wait_for_send: true,
})
const NO_WAIT = (): Push => ({ records: [{ topic: 'orders', data: 'x'.repeat(500) }] })

const MANY = (): Push => ({
  records: Array.from({ length: 25 }, () => ({ topic: 'orders', data: 'x'.repeat(500) })),
})

const schemes = ['light', 'dark'] as const

describe('The page', () => {
  it('moves its numbers while records flow, and loads nothing from elsewhere', async () => {
    const { kprf } = await start({ 'wal.enabled': 'false' })
    const viewer = await open(kprf)
    await viewer.shows('#verdict-title', 'Ready')
    await viewer.shows('#topics', 'No topic has records yet')
    await viewer.shows('#problems', 'Nothing went wrong')

    pump(kprf, MIXED)

    await viewer.shows('#verdict-title', 'Records flow')
    await viewer.shows('#state', 'live')
    await viewer.shows('.tile:nth-child(1) .number', /^[1-9]/)
    await viewer.shows('.tile:nth-child(3) .number', /^[1-9]/)
    await viewer.shows('.tile:nth-child(4) .number', /^\d/)
    await viewer.shows('.tile:nth-child(5) .number', /^\d/)
    await viewer.shows('#topics', 'orders')
    await viewer.shows('#brokers', 'connected')
    const { origin } = new URL(viewer.page.url())
    const elsewhere = viewer.requested.filter((url) => !url.startsWith(`${origin}/`))
    expect(elsewhere.filter((url) => !url.startsWith('data:'))).toEqual([])
    expect(viewer.complaints).toEqual([])
  })

  it.each([
    ['light', DESKTOP, 'desktop'],
    ['dark', DESKTOP, 'desktop'],
    ['light', PHONE, 'phone'],
    ['dark', PHONE, 'phone'],
  ] as const)('has no barriers: %s, %o', async (colorScheme, viewport, device) => {
    const { kprf } = await start()
    // axe is a script, which the policy of the page does not let through.
    const viewer = await open(kprf, { colorScheme, viewport, bypassCSP: true })
    pump(kprf, MIXED)
    await viewer.shows('#verdict-title', 'Records flow')
    await viewer.shows('#topics', 'clicks')

    expect(await viewer.barriers()).toEqual([])
    expect(await viewer.overflow()).toBe(0)
    if (TAKES_PICTURES) await gather(45)
    await viewer.picture(`page-healthy-${device}-${colorScheme}`)
  })

  it('is used with the keyboard: the first key leads past the bar to the content', async () => {
    const { kprf } = await start()
    const viewer = await open(kprf)
    await viewer.shows('#state', 'live')

    await viewer.page.keyboard.press('Tab')

    expect(await viewer.page.evaluate('document.activeElement.textContent')).toBe(
      'Skip to the content',
    )
  })
})

describe('Of many topics', () => {
  const NAMES = Array.from({ length: 30 }, (_, index) => `topic-${String(index).padStart(2, '0')}`)

  it('the page shows the first, and all with a key', async () => {
    const topics = Object.fromEntries(NAMES.map((name) => [name, { partitions: 1 }]))
    const { kprf } = await start({}, { topics })
    await kprf.push({
      records: NAMES.map((topic) => ({ topic, data: 'record' })),
      wait_for_send: true,
    })
    const viewer = await open(kprf)
    await viewer.shows('#topics', 'topic-19')
    await viewer.shows('#topics button', 'Show all 30')
    expect(await viewer.text('#topics')).not.toContain('topic-20')

    // The link over the content, then the only button.
    await viewer.page.keyboard.press('Tab')
    await viewer.page.keyboard.press('Tab')
    await viewer.page.keyboard.press('Enter')

    await viewer.shows('#topics', 'topic-29')
    await viewer.shows('#topics button', 'Show 20 only')
  })
})

describe('The page shows', () => {
  it.each(
    schemes.flatMap((scheme) =>
      (
        [
          [DESKTOP, 'desktop'],
          [PHONE, 'phone'],
        ] as const
      ).map(([viewport, device]) => [scheme, device, viewport] as const),
    ),
  )(
    'a broker that dies, and what happens to records: %s, %s',
    async (colorScheme, device, viewport) => {
      const { kprf, cluster } = await start({ 'kafka.message_timeout_ms': 4_000 }, { brokers: 3 })
      const viewer = await open(kprf, { colorScheme, viewport, bypassCSP: true })
      pump(kprf, MIXED)
      pump(kprf, () => ({ records: [{ topic: 'no such topic', data: '' }] }), 700)
      await viewer.shows('#verdict-title', 'Records flow')
      if (TAKES_PICTURES) await gather(30)

      await cluster.stopBroker(2)

      await viewer.shows('#brokers', 'away')
      await viewer.shows('#problems', 'kprf cannot use a broker.')
      await viewer.shows('#problems', /What to do: Check/)
      expect(await viewer.barriers()).toEqual([])
      expect(await viewer.overflow()).toBe(0)
      if (TAKES_PICTURES) await gather(6)
      await viewer.picture(`page-trouble-${device}-${colorScheme}`)
    },
  )

  it('that all brokers are away, that it is not ready, and that the queue fills', async () => {
    const { kprf, cluster } = await start({
      'kafka.queue_buffering_max_messages': 400,
      'kafka.queue_full_wait_ms': 0,
      // None must time out meanwhile.
      'kafka.message_timeout_ms': 300_000,
    })
    const viewer = await open(kprf)
    await viewer.shows('#verdict-title', 'Ready')
    // Of a topic that no broker has confirmed, records would not wait.
    await kprf.push({ ...MANY(), wait_for_send: true })
    await viewer.shows('#topics', 'orders')
    await cluster.stopBroker(1)

    pump(kprf, MANY, 100)

    await viewer.shows('#verdict-title', 'Not ready: no broker can be reached')
    await viewer.shows('.meter:nth-child(1) .share', '100 %')
    await viewer.shows('#problems', 'The queue is full.')
    await viewer.shows('#topics', 'Queue full')
    if (TAKES_PICTURES) await gather(15)
    await viewer.picture('page-queue-full')
    expect(viewer.complaints).toEqual([])
  })

  it('the log growing while Kafka is away, and that pushes are still accepted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kprf-page-'))
    onTestFinished(() => {
      rmSync(folder, { recursive: true })
    })
    const { kprf, cluster } = await start({ 'wal.enabled': 'true', 'wal.dir': folder })
    const viewer = await open(kprf)
    await viewer.shows('.meter:nth-child(4) .below', 'Kafka has all of it')
    await cluster.stopBroker(1)

    pump(kprf, NO_WAIT, 5)

    await viewer.shows('#verdict-title', 'Kafka is away: records wait in the log')
    await viewer.shows('.meter:nth-child(4) .below', /\d+ records to send/)
    if (TAKES_PICTURES) await gather(20)
    await viewer.picture('page-log-grows')
    await cluster.startBroker(1)
    await viewer.shows('#verdict-title', 'Records flow')
  })

  it('the last error of a topic in words', async () => {
    const { kprf, cluster } = await start({ 'kafka.message_timeout_ms': 2_000 })
    cluster.control('Produce', fault.error(10), { topic: 'payments', keep: true })
    const viewer = await open(kprf)

    pump(kprf, MIXED)

    await viewer.shows('#topics tr[data-state="bad"]', 'payments')
    await viewer.shows(
      '#topics tr[data-state="bad"]',
      /Message size too large.*, (just now|\d+ s ago)/s,
    )
    await viewer.shows('#problems', 'RECORD_TOO_LARGE')
    await viewer.shows('#verdict-title', 'Records fail')
  })

  it('what clients do wrong, and what they can do', async () => {
    const { kprf } = await start()
    const viewer = await open(kprf)
    await fetch(`http://127.0.0.1:${kprf.pushPort}/push`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"records": [',
    })
    await fetch(`http://127.0.0.1:${kprf.pushPort}/nowhere`)

    await viewer.shows('#problems', 'The request body is not JSON.')
    await viewer.shows('#problems', 'let a JSON library write the body')
    await viewer.shows('#problems', 'No such path.')
  })

  it('all workers, added up', async () => {
    const { kprf } = await start({ workers: 2 })
    const viewer = await open(kprf)
    pump(kprf, MIXED)
    pump(kprf, MIXED)

    await viewer.shows('#workers tbody', /accepts pushes[\s\S]*accepts pushes/)
    await viewer.shows('#verdict-title', 'Records flow')
    if (TAKES_PICTURES) await gather(20)
    await viewer.picture('page-workers')
    const [pid = 0] = kprf.workerPids
    process.kill(pid, 'SIGKILL')
    await viewer.shows('#problems', 'A worker died and was replaced.')
    await viewer.shows('#workers tbody', /accepts pushes[\s\S]*accepts pushes/)
    expect(viewer.complaints).toEqual([])
  })

  it('that kprf is away, and reconnects by itself when it is back', async () => {
    const { kprf, cluster } = await start()
    const viewer = await open(kprf)
    await viewer.shows('#state', 'live')

    const { exitCode, durationMs } = await kprf.stop()
    await viewer.shows('#verdict-title', 'kprf is away')

    // The page holds nothing up: without it, an idle kprf ends as fast.
    expect(exitCode).toBe(0)
    expect(durationMs).toBeLessThan(5_000)
    const again = await startKprf(cluster.bootstrap, { 'http.metrics_port': kprf.operationsPort })
    onTestFinished(() => again.destroy())
    await viewer.shows('#state', 'live')
    await viewer.shows('#verdict-title', 'Ready')
  })
})

describe('With a token of http.metrics_auth', () => {
  const TOKEN = 'token-of-operator'

  it('the page asks for it, refuses a wrong one, and never puts it into a URL', async () => {
    const { kprf } = await start({
      'http.metrics_auth.tokens': JSON.stringify([
        { principal: 'operator', sha256: tokenHash(TOKEN) },
      ]),
    })
    const viewer = await open(kprf, { bypassCSP: true })
    const { page } = viewer
    await viewer.shows('#token', 'This page needs a token')
    expect(await page.locator('#topics').isVisible()).toBe(false)
    expect(await viewer.barriers()).toEqual([])
    await viewer.picture('page-token')

    await page.keyboard.type('wrong')
    await page.keyboard.press('Enter')
    await viewer.shows('#token-hint', 'does not know this token')
    await page.keyboard.type(TOKEN)
    await page.keyboard.press('Enter')

    await viewer.shows('#state', 'live')
    expect(viewer.requested.filter((url) => url.includes(TOKEN))).toEqual([])
    await page.reload()
    await viewer.shows('#state', 'live')
  })
})
