import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { END_WITH_PARENT, markedEnvironment } from '../support/started-processes.ts'

const root = join(import.meta.dirname, '..', '..')
const SOURCE = '--conditions=kprf-source'
const FREE_PORTS = ['--http.host=127.0.0.1', '--http.port=0', '--http.metrics_port=0']
const children: ChildProcessByStdio<Writable, Readable, Readable>[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** A kprf process whose output is waited for line by line. */
class Kprf {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #waiters = new Set<(line: string) => void>()
  readonly lines: string[] = []
  readonly ended: Promise<number | null>

  constructor(...argv: readonly string[]) {
    this.#child = spawn(process.execPath, [...END_WITH_PARENT, SOURCE, 'src/main.ts', ...argv], {
      cwd: root,
      env: markedEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    children.push(this.#child)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface(stream).on('line', (line) => {
        this.lines.push(line)
        for (const waiter of this.#waiters) waiter(line)
      })
    }
    this.ended = once(this.#child, 'close').then(() => this.#child.exitCode)
  }

  /** The first line, printed or yet to come, that matches; its groups. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
    const look = (line: string): void => {
      const match = pattern.exec(line)
      if (match) resolve(match)
    }
    this.#waiters.add(look)
    this.lines.forEach(look)
    void this.ended.then(() => {
      reject(new Error(`kprf ended without ${String(pattern)}:\n${this.lines.join('\n')}`))
    })
    try {
      return await promise
    } finally {
      this.#waiters.delete(look)
    }
  }

  interrupt(): Promise<number | null> {
    this.#child.kill('SIGINT')
    return this.ended
  }
}

async function push(kprf: Kprf, record: object): Promise<void> {
  const [, url = ''] = await kprf.line(/push +(http:\S+)/)
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ records: [record], wait_for_send: true }),
  })
  expect(await response.text()).toBe('{"status":"ok","errors":[]}')
}

describe('kprf --embedded-broker', () => {
  it('says where everything is, takes a push, and kprf tail shows the record', async () => {
    const kprf = new Kprf('--embedded-broker', ...FREE_PORTS)
    const [, bootstrap] = await kprf.line(/embedded Kafka +(\S+)/)
    await push(kprf, { topic: 'orders', key: '42', data: 'hello' })

    const tail = new Kprf('tail', 'orders', '--from-beginning', `--kafka.brokers=${bootstrap}`)
    await tail.line(/^orders\/\d@0 key=42 hello$/)
    await push(kprf, { topic: 'orders', key: '42', data: 'again\u001b[2J' })
    await tail.line(/^orders\/\d@1 key=42 again\\x1b\[2J$/)

    expect(await tail.interrupt()).toBe(0)
    expect(await kprf.interrupt()).toBe(0)
    expect(kprf.lines.join('\n')).toContain('EMBEDDED BROKER: for development only')
  })

  it('takes a free port when that of Kafka is taken, and says so with the commands for it', async () => {
    const server = net.createServer()
    // Whoever has it: this test, or a Kafka of this machine.
    const taken = once(server, 'listening').catch(() => undefined)
    server.listen(9092, '127.0.0.1')
    await taken

    const kprf = new Kprf('--embedded-broker', ...FREE_PORTS)
    const [, bootstrap] = await kprf.line(/embedded Kafka +(\S+)/)
    await push(kprf, { topic: 'orders', data: 'hello' })

    expect(bootstrap).not.toBe('127.0.0.1:9092')
    const screen = kprf.lines.join('\n')
    expect(screen).toContain('ATTENTION: port 9092 is taken')
    expect(screen).toContain(`tail orders --from-beginning --kafka.brokers=${bootstrap}`)
    await kprf.interrupt()
    server.close()
  })

  it.each([1, 2])(
    'names its page, which shows a record that arrives, and which does not hold it up at the end: %d workers',
    async (workers) => {
      const kprf = new Kprf('--embedded-broker', `--workers=${workers}`, ...FREE_PORTS)
      const [, page = ''] = await kprf.line(/page +(http:\S+)/)

      const html = await fetch(page)
      expect([html.status, html.headers.get('content-type')]).toEqual([
        200,
        'text/html; charset=utf-8',
      ])
      expect(await html.text()).toContain('<h2 id="push-title">Push a record</h2>')
      expect(html.headers.get('content-security-policy')).toContain("script-src 'self'")

      const stream = await fetch(`${page}page/records`)
      await push(kprf, { topic: 'orders', key: '42', data: 'hello' })
      let seen = ''
      for await (const piece of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        seen += piece
        if (!seen.includes('"hello"')) continue
        seen = `${seen} and the end`
        void kprf.interrupt()
      }

      expect(seen).toMatch(/and the end/)
      expect(await kprf.ended).toBe(0)
    },
  )

  it.each([1, 2])('has the page on the main port, of all of %i workers', async (workers) => {
    const kprf = new Kprf('--embedded-broker', ...FREE_PORTS, `--workers=${workers}`)
    const [, url = ''] = await kprf.line(/push +(http:\S+)/)
    await push(kprf, { topic: 'orders', data: 'hello' })

    const page = await fetch(new URL('/', url))
    const live = await fetch(new URL('/page/live', url))
    let text = ''
    for await (const piece of live.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += piece
      if (text.includes('event: figures')) break
    }

    expect(await page.text()).toContain('<title>kprf</title>')
    expect(text).toContain('"isBrokerEmbedded":true')
    expect(text).toContain('"topic":"orders"')
    expect(text.match(/"slot":/g)?.length ?? 0).toBe(workers === 1 ? 0 : workers)
    expect(await kprf.interrupt()).toBe(0)
  })

  it('does not go together with other brokers', async () => {
    const kprf = new Kprf('--embedded-broker', '--kafka.brokers=localhost')

    expect(await kprf.ended).toBe(78)
    expect(kprf.lines).toEqual([
      '--embedded-broker is given, and kafka.brokers too; remove one of them',
    ])
  })
})

describe('kprf tail', () => {
  it('waits for a topic that does not exist yet, and prints JSON on request', async () => {
    const kprf = new Kprf('--embedded-broker', ...FREE_PORTS)
    const [, bootstrap] = await kprf.line(/embedded Kafka +(\S+)/)
    const tail = new Kprf(
      ...['tail', 'later', '--json', '--from-beginning', `--kafka.brokers=${bootstrap}`],
    )
    await tail.line(/waiting for topic later/)

    await push(kprf, {
      topic: 'later',
      key: 'a2V5',
      data: 'AAH/',
      encoding: 'base64',
      timestamp: 1_700_000_000_000,
      headers: { h: 'v' },
    })
    const [line] = await tail.line(/^\{.*\}$/)

    expect(JSON.parse(line)).toEqual({
      topic: 'later',
      partition: expect.any(Number) as number,
      offset: '0',
      timestamp: 1_700_000_000_000,
      key: 'a2V5',
      data: 'AAH/',
      headers: { h: 'v' },
      encoding: 'base64',
    })
  })

  it('says in one line that there is no broker, and ends with 1', async () => {
    const tail = new Kprf('tail', 'orders', '--kafka.brokers=127.0.0.1:1')

    expect(await tail.ended).toBe(1)
    expect(tail.lines).toEqual([expect.stringMatching(/^cannot tail orders: .*ECONNREFUSED/)])
  })
})
