import { EventEmitter } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Counter, Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/types.ts'
import type { ToPrimary, ToWorker } from '../../src/workers/messages.ts'
import { totalRoom } from '../../src/settings/kafka.ts'
import { queueMemoryMaxBytes } from '../../src/settings/queue-memory.ts'
import { Primary } from '../../src/workers/primary.ts'
import { type MetricsSnapshot, takeSnapshot } from '../../src/telemetry/metrics/snapshot.ts'
import type { Fork } from '../../src/workers/worker-process.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'

/** A worker whose every step the test decides: real ones cannot be made to die at a given moment. */
class ScriptedFork extends EventEmitter implements Fork {
  readonly process = new EventEmitter()
  readonly told: ToWorker[] = []
  wasKilled = false
  /** Answers what it is told. */
  onTold: (message: ToWorker) => void = () => undefined

  isConnected(): boolean {
    return true
  }

  send(message: ToWorker): boolean {
    this.told.push(message)
    this.onTold(message)
    return true
  }

  kill(): void {
    this.wasKilled = true
    this.end(null, 'SIGKILL')
  }

  say(message: ToPrimary): void {
    this.emit('message', message)
  }

  start(): void {
    this.say({ kind: 'ready' })
    this.say({ kind: 'started', httpPort: 1 })
  }

  end(code: number | null, signal: string | null): void {
    this.process.emit('exit', code, signal)
    this.process.emit('disconnect')
  }
}

const config = loadConfig({
  argv: [
    ...['--kafka.brokers=localhost:9092', '--output_file=/dev/null'],
    ...['--http.host=127.0.0.1', '--http.metrics_port=0'],
  ],
  env: {},
  readFile: () => '',
})

async function startPrimary(
  outputFile = '/dev/null',
  overrides: Partial<Config> = {},
): Promise<{
  primary: Primary
  clock: FakeClock
  forks: ScriptedFork[]
  metricsPort: number
}> {
  const clock = new FakeClock()
  const forks: ScriptedFork[] = []
  const fork = (): Fork => {
    const made = new ScriptedFork()
    forks.push(made)
    return made
  }
  const primary = new Primary({
    build: { version: '1.2.3', commitHash: 'abc' },
    ...{ config: { ...config, outputFile, ...overrides }, workers: 1, clock, fork },
  })
  const started = primary.start()
  await expect.poll(() => forks.length).toBe(1)
  forks[0]?.start()
  const { metricsPort } = await started
  onTestFinished(async () => {
    const stopped = primary.stop('the test is over')
    for (const made of forks) made.kill()
    await stopped
  })
  return { primary, clock, forks, metricsPort }
}

async function counted(count: number): Promise<MetricsSnapshot> {
  const registry = new Registry()
  new Counter({ name: 'pushes_total', help: 'Pushes.', registers: [registry] }).inc(count)
  return await takeSnapshot(registry)
}

describe('Primary', () => {
  it('takes for measured what a worker measured before when it does not answer in time', async () => {
    const { clock, forks, metricsPort } = await startPrimary()
    const metrics = await counted(3)
    const scrape = async (): Promise<string> =>
      await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    const asked = Promise.withResolvers<undefined>()
    const [worker] = forks
    if (!worker) throw new Error('no worker was forked')

    worker.onTold = (message) => {
      if (message.kind !== 'measure') return
      worker.say({
        kind: 'measured',
        id: message.id,
        measurement: { metrics, statistics: undefined },
      })
    }
    const first = await scrape()
    worker.onTold = () => {
      asked.resolve(undefined)
    }
    const second = scrape()
    await asked.promise
    await clock.advance(1_000)

    expect(first).toContain('pushes_total 3')
    expect(await second).toContain('pushes_total 3')
  })

  it('lends workers room of one queue, and admits records by one limit of rates', async () => {
    const { forks } = await startPrimary()
    const all = totalRoom(config)
    const [worker] = forks
    const answers = (): ToWorker[] => worker?.told.slice(1) ?? []

    worker?.say({ kind: 'acquire', room: all })
    worker?.say({ kind: 'acquire', room: { records: 1, bytes: 1 } })
    worker?.say({ kind: 'release', room: { records: 5, bytes: 7 } })
    worker?.say({ kind: 'admit', id: 9, wanted: new Map([['t', 2]]) })

    expect(answers()).toEqual([
      { kind: 'granted', room: all },
      { kind: 'granted', room: { records: 0, bytes: 0 } },
      { kind: 'roomAgain' },
      {
        ...{ kind: 'admitted', id: 9 },
        admission: { admitted: new Map([['t', 2]]), retryAfterSeconds: 0 },
      },
    ])
  })

  it('says at its end what workers have lost since the start, those that died too', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kprf-primary-'))
    onTestFinished(() => {
      rmSync(directory, { recursive: true })
    })
    const file = join(directory, 'log')
    const { primary, clock, forks } = await startPrimary(file)
    const room = { bufferedRecords: 4, bufferedBytes: 4, memoryBytes: 4, isAccepting: true }
    const measurement = { metrics: [], statistics: undefined }

    forks[0]?.say({
      kind: 'report',
      report: { ...room, lostRecords: 3, deliveryProblem: undefined },
    })
    forks[0]?.end(null, 'SIGKILL')
    await settle()
    await clock.advance(0)
    await expect.poll(() => forks.length).toBe(2)
    forks[1]?.start()
    const stopped = primary.stop('SIGTERM')
    forks[1]?.say({ kind: 'stopped', lost: 1, lostRecords: 2, measurement })
    forks[1]?.end(0, null)

    expect(await stopped).toBe(1)
    const last: unknown = JSON.parse(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '')
    expect(last).toMatchObject({
      ...{ level: 'error', msg: 'stopped' },
      ...{ records_not_delivered: 1, records_lost_since_start: 3 + 4 + 2 },
    })
  })

  it('does not count as lost what the write-ahead log of a worker that died keeps', async () => {
    const { primary, forks } = await startPrimary('/dev/null', {
      wal: { ...config.wal, enabled: true },
    })
    const room = { bufferedRecords: 4, bufferedBytes: 4, memoryBytes: 4, isAccepting: true }
    forks[0]?.say({
      kind: 'report',
      report: { ...room, lostRecords: 0, deliveryProblem: undefined },
    })
    const stopped = primary.stop('SIGTERM')
    forks[0]?.end(null, 'SIGKILL')

    expect(await stopped).toBe(0)
  })

  it('kills workers that have not ended long after they should have, and counts what they had', async () => {
    const { primary, clock, forks } = await startPrimary()
    forks[0]?.say({
      kind: 'report',
      report: {
        ...{
          bufferedRecords: 4,
          bufferedBytes: 4,
          memoryBytes: 4,
          lostRecords: 0,
          isAccepting: true,
        },
        deliveryProblem: undefined,
      },
    })

    const stopped = primary.stop('SIGTERM')
    await clock.advance(config.shutdown.drainDelayMs + config.shutdown.timeoutMs + 4_999)
    const wasKilled = forks[0]?.wasKilled
    await clock.advance(1)

    expect(wasKilled).toBe(false)
    expect(await stopped).toBe(4)
  })

  it('leaves nothing running when its worker cannot start', async () => {
    const forks: ScriptedFork[] = []
    const primary = new Primary({
      build: { version: '1.2.3', commitHash: 'abc' },
      ...{ config, workers: 1, clock: new FakeClock() },
      fork: () => {
        const made = new ScriptedFork()
        made.onTold = (message) => {
          if (message.kind === 'start') made.say({ kind: 'refused', message: 'the port is taken' })
          if (message.kind === 'stop') made.end(0, null)
        }
        forks.push(made)
        return made
      },
    })

    const started = expect(primary.start()).rejects.toThrow('the port is taken')
    await expect.poll(() => forks.length).toBe(1)
    forks[0]?.say({ kind: 'ready' })
    await started

    expect(forks[0]?.told.map(({ kind }) => kind)).toEqual(['start', 'stop'])
  })

  it('replaces a worker that died at once, and holds back those after one that hardly lived', async () => {
    const { clock, forks } = await startPrimary()

    forks[0]?.end(1, null)
    await clock.advance(0)
    expect(forks).toHaveLength(2)
    forks[1]?.end(1, null)
    await clock.advance(399)
    expect(forks).toHaveLength(2)
    await clock.advance(1)

    expect(forks).toHaveLength(3)
  })

  it('fills no slot twice when a restart comes before a replacement that is held back', async () => {
    const { primary, clock, forks } = await startPrimary()
    forks[0]?.end(1, null)
    await clock.advance(0)
    forks[1]?.end(1, null)
    await settle()

    const restarted = primary.restart(() => config)
    forks[2]?.start()
    await restarted
    await clock.advance(60_000)

    expect(forks).toHaveLength(3)
  })

  it('keeps a worker whose successor does not start', async () => {
    const { primary, forks } = await startPrimary()

    const restarted = primary.restart(() => config)
    forks[1]?.say({ kind: 'ready' })
    forks[1]?.say({ kind: 'refused', message: 'no' })
    forks[1]?.end(0, null)
    await restarted

    expect(forks).toHaveLength(2)
    expect(forks[0]?.told.map(({ kind }) => kind)).toEqual(['start'])
  })

  it('is not ready while the workers together hold nearly all of the memory that records may', async () => {
    const { forks, metricsPort } = await startPrimary()
    const limitBytes = queueMemoryMaxBytes(config, 1)
    const report = {
      bufferedRecords: 1,
      bufferedBytes: 0,
      lostRecords: 0,
      deliveryProblem: undefined,
    }
    const answers: string[] = []

    for (const share of [0.94, 0.96]) {
      const memoryBytes = Math.ceil(share * limitBytes)
      forks[0]?.say({ kind: 'report', report: { ...report, memoryBytes, isAccepting: true } })
      answers.push(await (await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).text())
    }

    expect(answers[0]).toBe('ok\n')
    expect(answers[1]).toContain('[-]memory failed: records hold 96 %')
  })

  it('tells a worker what it was told before it listened, in order', async () => {
    const { primary, forks } = await startPrimary()
    const restarted = primary.restart(() => config)
    primary.reopenLog()

    forks[1]?.start()
    forks[0]?.end(0, null)
    await restarted

    expect(forks[1]?.told.map(({ kind }) => kind)).toEqual(['start', 'reopenLog'])
  })

  it('goes back to the settings before a restart that failed, also those that need none', async () => {
    const { primary, clock, forks } = await startPrimary()
    const startOf = (fork: ScriptedFork | undefined): unknown =>
      fork?.told.find(({ kind }) => kind === 'start')

    const restarted = primary.restart(() => ({ ...config, logLevel: 'debug' }))
    await expect.poll(() => forks.length).toBe(2)
    forks[1]?.say({ kind: 'ready' })
    expect(startOf(forks[1])).toMatchObject({ config: { logLevel: 'debug' } })
    // Until it is over, nothing is read again: which settings it ends with is not known.
    primary.reload(() => {
      throw new Error('must not be read')
    })
    forks[1]?.end(1, null)
    await restarted

    forks[0]?.end(null, 'SIGKILL')
    await settle()
    await clock.advance(0)
    await expect.poll(() => forks.length).toBe(3)
    forks[2]?.say({ kind: 'ready' })
    expect(startOf(forks[2])).toMatchObject({ config: { logLevel: config.logLevel } })
  })
})
