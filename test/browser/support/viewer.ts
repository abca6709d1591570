/** The page in a real browser, which says what it loads, what it complains about, and who could not use it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { smallPng } from './small-png.ts'

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const IMAGES = join(import.meta.dirname, '../../../docs/images')

/** Whether the run writes the pictures of the documentation. */
export const TAKES_PICTURES = process.env['SCREENSHOTS'] === '1'

export const DESKTOP = { width: 1280, height: 800 }
export const PHONE = { width: 360, height: 740 }

/** One open page. */
export class Viewer {
  readonly page: Page
  /** What the browser complained about. */
  readonly complaints: string[] = []
  readonly requested: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('request', (request) => this.requested.push(request.url()))
    page.on('console', (message) => this.complaints.push(message.text()))
    page.on('pageerror', ({ message }) => this.complaints.push(message))
  }

  /** Opens the page of a port. */
  static async open(
    browser: Browser,
    port: number,
    options: BrowserContextOptions = {},
  ): Promise<Viewer> {
    const page = await browser.newPage({ viewport: DESKTOP, ...options })
    const viewer = new Viewer(page)
    await page.goto(`http://127.0.0.1:${port}/`)
    return viewer
  }

  /** Waits until an element has this text. */
  async shows(selector: string, text: string | RegExp): Promise<void> {
    await expect
      .poll(() => this.text(selector), { timeout: 60_000 })
      .toMatch(typeof text === 'string' ? new RegExp(escape(text)) : text)
  }

  /** The text of all elements that match. */
  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).allInnerTexts()).join('\n')
  }

  /** What axe finds. */
  async barriers(): Promise<readonly string[]> {
    await this.page.evaluate(AXE)
    return await this.page.evaluate(`axe.run().then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html, failureSummary }) => html + failureSummary).join(' ')))`)
  }

  /** By how many pixels the page is wider than its window. */
  async overflow(): Promise<number> {
    return await this.page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
  }

  /** Writes a picture into the documentation, if the run does so. */
  async picture(name: string): Promise<void> {
    if (!TAKES_PICTURES) return
    const png = await this.page.screenshot({ fullPage: true })
    writeFileSync(join(IMAGES, `${name}.png`), smallPng(png))
  }

  async close(): Promise<void> {
    await this.page.context().close()
  }
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
