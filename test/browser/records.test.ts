/** The part of the page that the embedded broker adds, in a real browser: pushing a record, and seeing it arrive. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { SeenRecord } from '../../src/base/seen-records.ts'
import { tokenHash } from '../../src/http/access/token-table.ts'
import { type KprfProcess, startEmbeddedKprf } from '../support/kprf-process.ts'
import { launch } from './support/launch.ts'
import { gather } from './support/pump.ts'
import { DESKTOP, PHONE, TAKES_PICTURES, Viewer } from './support/viewer.ts'

const run = promisify(execFile)

let kprf: KprfProcess
let browser: Browser
/** Each test has its own, so that none sees records of another. */
let topic: string
let tests = 0

beforeAll(async () => {
  kprf = await startEmbeddedKprf()
  browser = await launch()
}, 60_000)

beforeEach(() => {
  tests += 1
  topic = `t${tests}`
})

afterAll(async () => {
  await browser.close()
  await kprf.destroy()
})

/** Opens the page, with the topic of the test in its form. */
async function open(options: BrowserContextOptions = {}, of: KprfProcess = kprf): Promise<Viewer> {
  const viewer = await Viewer.open(browser, of.pushPort, options)
  onTestFinished(() => viewer.close())
  viewer.page.on('dialog', (dialog) => {
    viewer.complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  await viewer.page.locator('#push-topic').fill(topic)
  return viewer
}

const urlOf = ({ pushPort }: KprfProcess): string => `http://127.0.0.1:${pushPort}/`

/** Shows the records of the topic of the test only. */
async function choose(page: Page): Promise<void> {
  const name = page.locator('.topic-name', { hasText: new RegExp(`^${topic}$`) })
  await page.locator('#records-topics button', { has: name }).click()
  await page.getByRole('heading', { name: `Records of ${topic}` }).waitFor()
}

/** Another program. */
async function push(...records: readonly object[]): Promise<void> {
  const { status, body } = await kprf.push({
    records: records.map((record) => ({ topic, ...record })) as never,
    wait_for_send: true,
  })
  expect({ status, body }).toMatchObject({ status: 200 })
}

const items = (page: Page) => page.locator('#records-list > li')

/** The text of the value of the newest record of the topic, once there are so many records. */
async function newestValue(page: Page, count: number): Promise<string> {
  const shown = items(page).filter({
    has: page.locator('.record-topic', { hasText: new RegExp(`^${topic}$`) }),
  })
  await expect.poll(() => shown.count()).toBe(count)
  return await shown.first().locator('.record-value').innerText()
}

/** The records of a topic as the stream has them. */
async function seenRecords(): Promise<SeenRecord[]> {
  const response = await fetch(`${urlOf(kprf)}page/records?topic=${topic}`)
  let text = ''
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece
    if (text.includes('event: filled')) break
  }
  return [...text.matchAll(/^event: record\ndata: (.*)$/gm)].map(
    ([, data = '']) => JSON.parse(data) as SeenRecord,
  )
}

describe('the form', () => {
  it('pushes a record, which appears with its key, its headers and its JSON on lines of its own', async () => {
    const { page, requested, complaints } = await open()
    await page.locator('#push-key').fill('k-1')
    await page.locator('#push-value').fill('{"id":12345678901234567890,"list":[1,"a"]}')
    await page.locator('#push-add-header').click()
    await page.getByLabel('Header name').fill('trace')
    await page.getByLabel('Header value').fill('abc')

    await page.getByRole('button', { name: 'Push' }).click()

    expect(await newestValue(page, 1)).toBe(
      '{\n  "id": 12345678901234567890,\n  "list": [\n    1,\n    "a"\n  ]\n}',
    )
    const item = items(page).first()
    expect(await item.locator('dd').first().innerText()).toBe('k-1')
    expect(await item.locator('.record-headers').innerText()).toBe('trace: abc')
    expect(await item.locator('.record-place').innerText()).toMatch(/partition \d, offset 0/)
    expect(await page.locator('#push-reply').innerText()).toMatch(
      new RegExp(`^Stored\\s*HTTP 200\\s+Kafka has the record: ${topic}, partition \\d, offset 0.`),
    )
    // Nothing comes from elsewhere, so that the page works without the internet.
    expect(
      requested.filter((url) => !url.startsWith(urlOf(kprf)) && !url.startsWith('data:')),
    ).toEqual([])
    expect(complaints).toEqual([])
  })

  it('says that a record is queued when it does not wait', async () => {
    const { page } = await open()
    await page.locator('#push-kind-text').check()
    await page.locator('#push-value').fill('')
    await page.locator('#push-key').fill('')
    await page.locator('#push-waits').uncheck()

    await page.getByRole('button', { name: 'Push' }).click()

    expect(await newestValue(page, 1)).toBe('empty')
    expect(await page.locator('#push-reply').innerText()).toMatch(/^Queued\s*HTTP 200\s+kprf has/)
  })

  it('explains in words what kprf refuses', async () => {
    const { page } = await open()
    const submit = page.getByRole('button', { name: 'Push' })
    const reply = page.locator('#push-reply')

    await page.locator('#push-topic').fill('not a topic')
    await submit.click()
    await expect
      .poll(() => reply.innerText())
      .toMatch(
        /^Not stored\s*HTTP 422\s+Topic must be 1 to 249 of the characters .*\s+Correct the record, then push again\./,
      )

    await page.locator('#push-topic').fill(topic)
    await page.locator('#push-kind-text').check()
    await page.locator('#push-value').fill('x'.repeat(1_100_000))
    await submit.click()
    await expect
      .poll(() => reply.innerText())
      .toMatch(/^Not stored\s*HTTP 413\s+\S.*\s+Push less at once/)
  })

  it('does not send what is no JSON, and says what is wrong', async () => {
    const { page, requested } = await open()
    await page.locator('#push-value').fill('{"a": }')

    await page.getByRole('button', { name: 'Push' }).click()

    const value = page.locator('#push-value')
    expect(await page.locator('#push-value-problem').innerText()).toMatch(/^This is not JSON yet: /)
    expect(await value.getAttribute('aria-invalid')).toBe('true')
    expect(await value.evaluate('document.activeElement.id')).toBe('push-value')
    expect(requested.filter((url) => url.endsWith('/push'))).toEqual([])

    await page.locator('#push-kind-text').check()
    expect(await page.locator('#push-value-problem').innerText()).toBe('')
  })

  it('says that there is no reply, and what that means', async () => {
    const { page } = await open()
    await page.route('**/push', (route) => route.abort())

    await page.getByRole('button', { name: 'Push' }).click()

    await expect
      .poll(() => page.locator('#push-reply').innerText())
      .toMatch(/^No reply\s+kprf did not answer, so that it is unknown whether/)
  })
})

describe('the command of curl', () => {
  it.each([
    [
      'JSON on several lines',
      'json',
      '{"it\'s":\n  ["\\u0000", "\u{1f600}", 1e400]}',
      'k\'"$HOME`id`',
    ],
    ['text', 'text', 'line 1\nline 2 \'"\\n $(id) `id` !! \u{1f600} \u202e %s @file', '\u05d0'],
  ])('of %s produces the same record as the form', async (_, kind, value, key) => {
    const { page } = await open()
    await page.locator(`#push-kind-${kind}`).check()
    await page.locator('#push-value').fill(value)
    await page.locator('#push-key').fill(key)
    for (const [index, [name, text]] of [
      ['a', "it's"],
      ['a', '\u{1f600}"'],
    ].entries()) {
      await page.locator('#push-add-header').click()
      await page
        .getByLabel('Header name')
        .nth(index)
        .fill(name ?? '')
      await page
        .getByLabel('Header value')
        .nth(index)
        .fill(text ?? '')
    }
    const command = (await page.locator('#push-curl').textContent()) ?? ''

    await page.getByRole('button', { name: 'Push' }).click()
    await page.getByText(/^Kafka has the record/).waitFor()
    const { stdout } = await run('bash', ['-c', command])

    expect(JSON.parse(stdout)).toMatchObject({ status: 'ok', offsets: [{ topic, offset: '1' }] })
    const [byForm, byCurl, ...others] = await seenRecords()
    expect(others).toEqual([])
    expect({ ...byCurl, offset: '0', timestamp: byForm?.timestamp }).toEqual(byForm)
    expect(byForm).toMatchObject({
      key: { shown: key },
      value: { shown: value },
      headers: [
        { name: 'a', value: { shown: "it's" } },
        { name: 'a', value: { shown: '\u{1f600}"' } },
      ],
    })
  })

  it('is copied by a button', async () => {
    const { page } = await open({ permissions: ['clipboard-read', 'clipboard-write'] })

    await page.getByRole('button', { name: 'Copy' }).click()

    await page.getByRole('button', { name: 'Copied' }).waitFor()
    const copied = await page.evaluate('navigator.clipboard.readText()')
    expect(copied).toBe(await page.locator('#push-curl').textContent())
  })
})

describe('the records', () => {
  it('of another program appear while one looks, newest first', async () => {
    const { page } = await open()
    await push({ data: 'one' })
    expect(await newestValue(page, 1)).toBe('one')

    await push({ data: 'two' })

    expect(await newestValue(page, 2)).toBe('two')
    await expect.poll(() => page.locator('#records-status').textContent()).toMatch(/new record/)
  })

  it('of one topic are shown when it is chosen, and the topics say how much they have', async () => {
    await push({ data: 'mine' }, { topic: `${topic}-other`, data: 'of the other' })
    const { page } = await open()

    await choose(page)

    await expect.poll(() => items(page).allInnerTexts()).toEqual([expect.stringContaining('mine')])
    const chosen = page.locator('#records-topics button[aria-pressed=true]')
    expect(await chosen.innerText()).toMatch(new RegExp(`^${topic}\\s+1 record, 4 partitions$`))

    await push({ data: 'more' })
    await expect.poll(() => chosen.innerText()).toMatch(/2 records/)
    expect(await newestValue(page, 2)).toBe('more')
  })

  it('are no more than 50, the newest', async () => {
    await push(...Array.from({ length: 60 }, (_, n) => ({ data: `n${n}`, partition: 0 })))
    const { page } = await open()
    await choose(page)

    expect(await newestValue(page, 50)).toBe('n59')
    await push({ data: 'last' })
    await expect.poll(() => newestValue(page, 50)).toBe('last')
  })

  it('wait while the list is paused, and are counted', async () => {
    const { page } = await open()
    await push({ data: 'before' })
    await newestValue(page, 1)

    await page.getByRole('button', { name: 'Pause' }).click()
    await push({ data: 'meanwhile' })
    await page.getByRole('button', { name: 'Go on (1 new)' }).waitFor()
    expect(await newestValue(page, 1)).toBe('before')

    await page.getByRole('button', { name: 'Go on' }).click()
    expect(await newestValue(page, 2)).toBe('meanwhile')
  })

  it('are text, whatever they contain', async () => {
    const html = '<script>document.title="hacked"</script><img src=x onerror="alert(1)">'
    const base64 = (...bytes: number[]): string => Buffer.from(bytes).toString('base64')
    const { page, complaints } = await open()
    await push({ data: 'the topic must be there to be chosen' })
    await choose(page)
    const pushed: readonly [record: object, value: string][] = [
      [{ data: html, key: html, headers: { '<b>': html } }, html],
      [{ json: { [html]: html } }, `{\n  ${JSON.stringify(html)}: ${JSON.stringify(html)}\n}`],
      [{ data: 'a\u0000b\u001b[2J\u007f' }, 'a⟨U+0000⟩b⟨U+001B⟩[2J⟨U+007F⟩'],
      [{ data: 'abc\u202edcba\u2066' }, 'abc⟨U+202E⟩dcba⟨U+2066⟩'],
      [
        { data: '\u05e9\u05dc\u05d5\u05dd \u{1f468}\u{1f3fd}' },
        '\u05e9\u05dc\u05d5\u05dd \u{1f468}\u{1f3fd}',
      ],
      [
        { data: base64(0xff, 0xfe, 0), encoding: 'base64' },
        '//4A\n\nnot UTF-8 text: 3 bytes, in base64',
      ],
      [{ data: null, key: 'a' }, 'null: a tombstone, which deletes the key from a compacted topic'],
      [{ json: '[not an array' }, '"[not an array"'],
      [{ data: '['.repeat(200) + ']'.repeat(200) }, '['.repeat(200) + ']'.repeat(200)],
      [{ data: '{"a":1,}' }, '{"a":1,}'],
    ]

    for (const [index, [record, value]] of pushed.entries()) {
      await push(record)
      expect(await newestValue(page, index + 2)).toBe(value)
    }

    expect(await page.locator('#records-list').locator('script, img, b').count()).toBe(0)
    expect(
      await items(page)
        .nth(pushed.length - 1)
        .locator('dd')
        .allInnerTexts(),
    ).toEqual([html, `<b>: ${html}`, html])
    expect(await page.title()).not.toContain('hacked')
    expect(complaints).toEqual([])
  })

  it('of a megabyte are cut, with their length, and folded', async () => {
    const { page } = await open()
    await push({ data: `${'x'.repeat(999_999)}\u{1f600}` })

    const value = await newestValue(page, 1)

    expect(value.length).toBeLessThan(17_000)
    expect(value).toMatch(/the first 16,384 of 1,000,003 bytes$/)
    const item = items(page).first()
    const height = async (): Promise<number> => (await item.boundingBox())?.height ?? 0
    expect(await height()).toBeLessThan(600)
    await item.getByRole('button', { name: 'Show all of it' }).click()
    expect(await height()).toBeGreaterThan(600)
    await item.getByRole('button', { name: 'Show less' }).click()
    expect(await height()).toBeLessThan(600)
  })

  it('are not read while the page is hidden, which needs a connection of the browser', async () => {
    const { page } = await open()
    await push({ data: 'before' })
    await newestValue(page, 1)
    const setHidden = (isHidden: boolean): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { get: () => ${isHidden}, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))`)

    const ended = page.waitForEvent('requestfailed', (request) => request.url().includes('records'))
    await setHidden(true)
    await ended
    await push({ data: 'meanwhile' })
    expect(await newestValue(page, 1)).toBe('before')

    await setHidden(false)
    expect(await newestValue(page, 2)).toBe('meanwhile')
  })

  it('come from all workers', async () => {
    const several = await startEmbeddedKprf({ workers: 2 })
    const { page, complaints } = await open({}, several)

    await page.getByRole('button', { name: 'Push' }).click()

    expect(await newestValue(page, 1)).toContain('"hello": "Kafka"')
    expect(complaints).toEqual([])
    expect(await several.stop()).toMatchObject({ exitCode: 0 })
  })

  it('cannot be read once kprf is gone, and the page says so', async () => {
    const mortal = await startEmbeddedKprf()
    const { page } = await open({}, mortal)
    await page.getByRole('button', { name: 'Push' }).click()
    await newestValue(page, 1)

    // Pages that are open do not hold it up.
    expect(await mortal.stop()).toMatchObject({ exitCode: 0 })

    await page.getByText('The records cannot be read: kprf does not answer.').waitFor()
  })

  it('are for those with a token, for which the page asks once', async () => {
    const TOKEN = 'token-of-reader'
    const guarded = await startEmbeddedKprf({
      'http.auth.tokens': JSON.stringify([{ principal: 'reader', sha256: tokenHash(TOKEN) }]),
    })
    const page = await browser.newPage()
    onTestFinished(() => page.close())
    await page.goto(urlOf(guarded))
    const token = page.locator('#token-text')
    await token.fill(TOKEN)
    await token.press('Enter')
    await page.locator('#push-topic').fill(topic)
    await page.getByRole('button', { name: 'Push' }).click()

    expect(await newestValue(page, 1)).toContain('"hello": "Kafka"')
    expect(await page.locator('#push-curl').textContent()).toContain('Bearer $KPRF_TOKEN')
    expect(await page.content()).not.toContain(TOKEN)
    await guarded.stop()
  })
})

describe('whoever', () => {
  it.each([
    ['light', 'a desk', DESKTOP],
    ['dark', 'a desk', DESKTOP],
    ['light', 'a phone', PHONE],
    ['dark', 'a phone', PHONE],
  ] as const)('looks at it in %s, on %s, meets no barrier', async (colorScheme, _, viewport) => {
    // axe is a script, which the policy of the page does not let through.
    const viewer = await open({ colorScheme, bypassCSP: true, viewport })
    const { page } = viewer
    await push(
      { json: { a: [1, true, 'x'] }, key: 'k', headers: { h: 'v' } },
      { data: null, key: 'k' },
    )
    await push({ data: 'AAH/', encoding: 'base64' }, { data: 'x'.repeat(20_000) })
    await page.locator('#push-add-header').click()
    await page.getByLabel('Header name').fill('a')
    await page.getByRole('button', { name: 'Push' }).click()
    await newestValue(page, 5)
    // What has just arrived is on another ground for a moment.
    await page.evaluate('Promise.all(document.getAnimations().map(({ finished }) => finished))')

    expect(await viewer.barriers()).toEqual([])

    await page.locator('#push-topic').fill('not a topic')
    await page.locator('#push-value').fill('{')
    expect(await viewer.barriers()).toEqual([])
    await page.locator('#push-value').fill('{}')
    await page.getByRole('button', { name: 'Push' }).click()
    await page.getByText('Not stored').waitFor()
    expect(await viewer.barriers()).toEqual([])
    expect(await viewer.overflow()).toBe(0)
  })

  it('has a keyboard only pushes a record, reads it, chooses its topic and copies the command', async () => {
    const page = await browser.newPage({ permissions: ['clipboard-read', 'clipboard-write'] })
    onTestFinished(() => page.close())
    await page.goto(urlOf(kprf))
    await page.locator('#records').waitFor()
    const { keyboard } = page
    const focused = (): Promise<string> =>
      page.evaluate<string>(
        "document.activeElement.id || document.activeElement.getAttribute('aria-label') || document.activeElement.textContent",
      )
    /** Presses Tab until the focus is there. */
    const tabTo = async (wanted: RegExp): Promise<void> => {
      const passed: string[] = []
      for (let presses = 0; presses < 60; presses += 1) {
        await keyboard.press('Tab')
        const at = await focused()
        if (wanted.test(at)) return
        passed.push(at)
      }
      throw new Error(`Tab does not reach ${String(wanted)}, but ${passed.join(', ')}`)
    }

    await tabTo(/^push-topic$/)
    await keyboard.press('Control+A')
    await keyboard.type(topic)
    await tabTo(/^push-key$/)
    await tabTo(/^push-kind-json$/)
    await tabTo(/^push-value$/)
    await keyboard.press('Control+A')
    await keyboard.type('{"by": "keyboard"}')
    await tabTo(/^push-add-header$/)
    await keyboard.press('Enter')
    await keyboard.type('via')
    await keyboard.press('Tab')
    await keyboard.type('keys')
    await tabTo(/^push-submit$/)
    await keyboard.press('Enter')
    expect(await newestValue(page, 1)).toBe('{\n  "by": "keyboard"\n}')
    expect(await focused()).toBe('push-submit')

    await tabTo(/^push-copy$/)
    await keyboard.press('Enter')
    await expect
      .poll(() => page.evaluate<string>('navigator.clipboard.readText()'))
      .toContain('"headers": {"via": "keys"}')
    await tabTo(/^records-pause$/)
    await tabTo(new RegExp(`^${topic}1 record`))
    await keyboard.press('Enter')
    await page.getByRole('heading', { name: `Records of ${topic}` }).waitFor()
    // The topic that was chosen keeps the focus.
    expect(await focused()).toMatch(new RegExp(`^${topic}`))
    await tabTo(/^Newest records$/)
    expect(await items(page).count()).toBe(1)
  })
})

it.runIf(TAKES_PICTURES)('looks like this', async () => {
  const own = await startEmbeddedKprf()
  await own.push({
    records: [
      { topic: 'clicks', data: 'GET /index.html 200' },
      {
        ...{ topic: 'orders', key: '41', headers: { source: 'shop' } },
        json: { id: 41, items: [{ sku: 'A-1', price: 9.9 }], paid: true },
      },
    ],
    wait_for_send: true,
  } as never)
  for (const [name, options] of [
    ['playground', { viewport: DESKTOP }],
    ['playground-phone-dark', { viewport: PHONE, colorScheme: 'dark' }],
  ] as const) {
    const viewer = await Viewer.open(browser, own.pushPort, options)
    await viewer.page.getByRole('button', { name: 'Push' }).click()
    await viewer.page.getByText('Kafka has the record').waitFor()
    await gather(5)
    await viewer.picture(name)
    await viewer.close()
  }
  await own.stop()
})
