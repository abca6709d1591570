import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { LogLevel } from '../../../src/base/log-level.ts'
import { FieldLogger, type LogFields } from '../../../src/telemetry/logging/logger.ts'
import { RepeatLimiter } from '../../../src/telemetry/logging/repeat-limiter.ts'
import { type TokenEntry, tokenHash } from '../../../src/http/access/token-table.ts'
import type { ThreadSources } from '../../../src/operations/app.ts'
import { makeChecks } from '../../../src/operations/readiness.ts'
import {
  REPLACE_DELAY_MS,
  ThreadedOperationsServer,
} from '../../../src/operations/thread/threaded-server.ts'
import { ManualClock } from '../../telemetry/logging/manual-clock.ts'
import { RawClient } from '../../support/raw-client.ts'
import type { Probe } from './probe-thread.ts'
import { IDLE_SAMPLE, LIVE_IDENTITY } from '../../support/live-sample.ts'

const HOST = '127.0.0.1'

interface Given extends Partial<ThreadSources> {
  readonly entry?: URL
  readonly tokens?: readonly TokenEntry[]
}

const make = ({ entry, tokens = [], ...given }: Given = {}) => {
  const clock = new ManualClock()
  const lines: [level: LogLevel, msg: string, fields: LogFields][] = []
  const sources = {
    metrics: {
      contentType: 'text/plain; version=0.0.4',
      exposition: () => Promise.resolve('up 1\n'),
    },
    statistics: { json: () => undefined },
    readiness: { results: () => [] },
    live: { identity: LIVE_IDENTITY, take: () => IDLE_SAMPLE },
    ...given,
  }
  const logger = new FieldLogger((...line) => lines.push(line), new RepeatLimiter(clock))
  const server = new ThreadedOperationsServer({
    ...{ sources, tokens, clock, logger },
    ...(entry && { entry }),
  })
  onTestFinished(() => server.close())
  return { server, clock, lines }
}

const serve = async (given: Parameters<typeof make>[0] = {}) => {
  const made = make(given)
  const port = await made.server.listen(HOST, 0)
  const ask = async (path: string) => {
    const response = await fetch(`http://${HOST}:${port}${path}`)
    const type = response.headers.get('content-type')
    return { status: response.status, type, text: await response.text() }
  }
  return { ...made, port, ask }
}

/** The threads that are started from now on and have not ended. */
const watchThreads = () => {
  const running = new Set<Worker>()
  const started = (worker: Worker) => {
    running.add(worker)
    worker.once('exit', () => running.delete(worker))
  }
  process.on('worker', started)
  onTestFinished(() => void process.off('worker', started))
  return running
}

describe('The operations port in a thread of its own', () => {
  test('needs a token for metrics if there are tokens, and none for probes', async () => {
    const tokens = [{ principal: 'prometheus', sha256: tokenHash('t') }]
    const { ask, port } = await serve({ tokens })

    expect((await ask('/metrics')).status).toBe(401)
    expect((await ask('/livez')).status).toBe(200)
    const headers = { Authorization: 'Bearer t' }
    expect((await fetch(`http://${HOST}:${port}/metrics`, { headers })).status).toBe(200)
  })

  test('answers /livez while the event loop of the main thread does not turn', async () => {
    const { port } = await serve()
    const probe = new Worker(new URL('probe-thread.ts', import.meta.url))
    onTestFinished(async () => {
      await probe.terminate()
    })
    await once(probe, 'online')
    const status = new Int32Array(new SharedArrayBuffer(4))

    const question: Probe = { url: `http://${HOST}:${port}/livez`, status }
    probe.postMessage(question)
    const waited = Atomics.wait(status, 0, 0, 15_000)

    // Nothing of this thread has run between the question and here.
    expect(waited).not.toBe('timed-out')
    expect(status[0]).toBe(200)
  })

  test('shows the metrics, statistics and readiness of the main thread', async () => {
    const problems: string[] = []
    const kafka = { name: 'kafka', check: () => problems[0] }
    const { ask } = await serve({
      statistics: { json: () => '{"txmsgs":3}' },
      readiness: { results: () => makeChecks([kafka]) },
    })

    const answers = [await ask('/metrics'), await ask('/stats'), await ask('/readyz?verbose')]
    problems.push('no broker answers')

    expect(answers).toEqual([
      { status: 200, type: 'text/plain; version=0.0.4', text: 'up 1\n' },
      { status: 200, type: 'application/json', text: '{"txmsgs":3}' },
      {
        status: 200,
        type: 'text/plain; charset=utf-8',
        text: '[+]kafka ok\nreadyz check passed\n',
      },
    ])
    expect(await ask('/readyz')).toMatchObject({
      status: 503,
      text: '[-]kafka failed: no broker answers\nreadyz check failed\n',
    })
  })

  test('sends viewers of the page the counts of the main thread, until it is closed', async () => {
    let samples = 0
    const take = () => {
      samples += 1
      return { ...IDLE_SAMPLE, connections: 7 }
    }
    const { server, port } = await serve({ live: { identity: LIVE_IDENTITY, take } })
    expect(samples).toBe(0)

    const stream = await fetch(`http://${HOST}:${port}/page/live`)
    await expect.poll(() => samples).toBeGreaterThan(0)
    await server.close()

    const text = await stream.text()
    expect(text).toContain(`data: ${JSON.stringify(LIVE_IDENTITY)}`)
    expect(text).toContain('"connections":7')
  })

  test('answers 404 to /stats where no statistics are kept', async () => {
    const { ask } = await serve()

    expect(await ask('/stats')).toMatchObject({ status: 404 })
  })

  test('answers 500 in JSON where a source fails, and the log says once why', async () => {
    const error = new Error('a collector failed')
    const { ask, lines } = await serve({
      metrics: { contentType: 'text/plain', exposition: () => Promise.reject(error) },
    })

    const { status, text } = await ask('/metrics')

    expect(status).toBe(500)
    expect(JSON.parse(text)).toEqual({ error_code: 50000, message: 'A bug in kprf.' })
    expect(lines).toEqual([['error', 'the operations port failed', { error }]])
  })

  test('answers 500 if the answer of a source cannot be sent in a message', async () => {
    const text = (() => 'a function') as unknown as string
    const { ask } = await serve({
      metrics: { contentType: 'text/plain', exposition: () => Promise.resolve(text) },
    })

    expect(await ask('/metrics')).toMatchObject({ status: 500 })
  })

  test('logs through the log of the main thread, with repeats suppressed and counted', async () => {
    const { server, port, lines } = await serve()

    for (let n = 0; n < 12; n += 1) {
      const client = new RawClient(port)
      await client.write('no HTTP\r\n\r\n').response()
      client.destroy()
    }
    await server.close()

    const msg = 'a client was refused or cut off, or left'
    expect(lines.map(([level, msg]) => [level, msg])).toEqual(
      Array.from({ length: 11 }, () => ['info', msg]),
    )
    expect(lines[0]?.[2]).toMatchObject({ port: 'operations', address: HOST, code: 'invalid_http' })
    expect(lines[10]?.[2]).toMatchObject({ suppressed: 2 })
  })

  test('lets a reply under way finish when it is closed, and ends its thread', async () => {
    const asked = Promise.withResolvers<undefined>()
    const latch = Promise.withResolvers<string>()
    const threads = watchThreads()
    const { server, clock, ask, port } = await serve({
      metrics: {
        contentType: 'text/plain',
        exposition: () => {
          asked.resolve(undefined)
          return latch.promise
        },
      },
    })

    const answer = ask('/metrics')
    await asked.promise
    expect(threads.size).toBe(1)
    const closed = server.close()
    latch.resolve('late 1\n')

    expect((await answer).text).toBe('late 1\n')
    await closed
    await expect(fetch(`http://${HOST}:${port}/livez`)).rejects.toThrow()
    expect(clock.pendingTimers).toBe(0)
    expect(threads.size).toBe(0)
  })

  test('cuts off a reply whose source never answers when it is closed, and ends its thread', async () => {
    const asked = Promise.withResolvers<undefined>()
    const threads = watchThreads()
    const { server, ask } = await serve({
      metrics: {
        contentType: 'text/plain',
        exposition: () => {
          asked.resolve(undefined)
          return new Promise(() => undefined)
        },
      },
    })

    const answer = ask('/metrics').catch(() => 'cut off')
    await asked.promise
    await server.close()

    expect(await answer).toBe('cut off')
    expect(threads.size).toBe(0)
  })

  test('refuses a port that is taken, naming key and address, and leaves no thread', async () => {
    const other = createServer().listen(0, HOST)
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    const threads = watchThreads()
    const { server } = make()

    await expect(server.listen(HOST, port)).rejects.toMatchObject({
      name: 'ProxyError',
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(
        `http.metrics_port: port ${port} is taken on ${HOST}`,
      ) as string,
    })

    expect(threads.size).toBe(0)
    await server.close()
  })

  test('is served again, on the same port, after its thread died', async () => {
    const { clock, lines, ask } = await serve({ entry: new URL('dying-entry.ts', import.meta.url) })

    await expect(ask('/metrics')).rejects.toThrow()
    await expect.poll(() => lines.length).toBe(1)
    clock.advance(REPLACE_DELAY_MS)

    await expect.poll(() => ask('/livez').catch(() => undefined)).toMatchObject({ status: 200 })
    expect(lines).toMatchObject([
      [
        'error',
        'the thread of the operations port died; starting another one',
        { error: { message: 'of metrics' } },
      ],
    ])
  })

  test('starts no other thread once it is closed', async () => {
    const { server, clock, lines, ask } = await serve({
      entry: new URL('dying-entry.ts', import.meta.url),
    })
    await expect(ask('/metrics')).rejects.toThrow()
    await expect.poll(() => lines.length).toBe(1)

    await server.close()

    expect(clock.pendingTimers).toBe(0)
  })

  test('says why its thread cannot start', async () => {
    const { server } = make({ entry: new URL('no-such-entry.ts', import.meta.url) })

    await expect(server.listen(HOST, 0)).rejects.toThrow('no-such-entry.ts')
  })
})
