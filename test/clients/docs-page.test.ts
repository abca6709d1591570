/** The docs page in a real browser, which says what it loads, what it complains about, and who could not use it. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { tokenHash } from '../../src/http/access/token-table.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

const TOKEN = 'token-of-reader'
const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

let cluster: TestCluster
let kprf: KprfProcess
let browser: Browser

beforeAll(async () => {
  cluster = await TestCluster.start({ topics: {} })
  kprf = await startKprf(cluster.bootstrap)
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Continuous integration runs as root.
    args: ['--no-sandbox'],
  })
}, 60_000)

afterAll(async () => {
  await browser.close()
  await kprf.stop()
  await cluster.close()
})

/** The page, and what the browser asked for and complained about. */
async function open(options: Parameters<Browser['newPage']>[0] = {}) {
  const page = await browser.newPage(options)
  const requested: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => requested.push(request.url()))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', ({ message }) => complaints.push(message))
  const url = `http://127.0.0.1:${kprf.pushPort}/docs`
  const response = await page.goto(url)
  return { page, url, response, requested, complaints }
}

const textsOf = (page: Page, selector: string): Promise<string[]> =>
  page.locator(selector).allTextContents()

/** What an expression says of each element. */
const valuesOf = (page: Page, selector: string, expression: string): Promise<string[]> =>
  page.evaluate(`Array.from(document.querySelectorAll('${selector}'), (one) => one.${expression})`)

describe('the docs page', () => {
  it('loads nothing but itself, and the browser has nothing to complain about', async () => {
    const { page, url, response, requested, complaints } = await open()

    expect(response?.status()).toBe(200)
    expect(requested.filter((one) => !one.startsWith('data:'))).toEqual([url])
    expect(complaints).toEqual([])
    // Its policy lets its style through.
    const position = await page.evaluate("getComputedStyle(document.querySelector('nav')).position")
    expect(position).toBe('sticky')
  })

  it('has a section for each operation, and what its contents link to', async () => {
    const { page } = await open()

    expect(await textsOf(page, 'h1')).toEqual([expect.stringMatching(/^kprf \d/)])
    expect(await textsOf(page, 'h2')).toContain('Push records of any topics')
    const targets = await valuesOf(page, 'a[href^="#"]', "getAttribute('href').slice(1)")
    const ids = await valuesOf(page, '[id]', 'id')
    expect(targets.filter((target) => !ids.includes(target))).toEqual([])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
  ] as const)('has no barriers: %s, %d pixels wide', async (colorScheme, width) => {
    // axe is a script, which the policy of the page does not let through.
    const { page } = await open({
      ...{ colorScheme, bypassCSP: true, viewport: { width, height: 800 } },
    })
    await valuesOf(page, 'details', "setAttribute('open', '')")

    await page.evaluate(AXE)
    const violations = await page.evaluate(`axe.run().then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html).join(' ')))`)

    expect(violations).toEqual([])
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(overflow)).toBe(0)
  })

  it('is for those who may use kprf: the browser asks its user', async () => {
    const guarded = await startKprf(cluster.bootstrap, {
      'http.auth.tokens': JSON.stringify([{ principal: 'reader', sha256: tokenHash(TOKEN) }]),
    })
    const url = `http://127.0.0.1:${guarded.pushPort}/docs`
    const statusWith = async (httpCredentials?: { username: string; password: string }) => {
      const context = await browser.newContext(httpCredentials ? { httpCredentials } : {})
      const response = await (await context.newPage()).goto(url)
      await context.close()
      return response?.status()
    }

    // What Chromium says when nobody answers.
    await expect(statusWith()).rejects.toThrow('ERR_INVALID_AUTH_CREDENTIALS')
    expect(await statusWith({ username: 'any', password: TOKEN })).toBe(200)
    await guarded.stop()
  })
})
