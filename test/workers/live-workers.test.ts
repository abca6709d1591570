import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { LiveProcess, LiveSample } from '../../src/base/live-sample.ts'
import { loadConfig } from '../../src/config/load.ts'
import { LiveWorkers } from '../../src/workers/live-workers.ts'
import type { ToPrimary, ToWorker } from '../../src/workers/messages.ts'
import { RunningWorkers } from '../../src/workers/running-workers.ts'
import { WorkerLive } from '../../src/workers/worker-live.ts'
import { type Fork, WorkerProcess } from '../../src/workers/worker-process.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { IDLE_SAMPLE, LIVE_IDENTITY, NO_LIVE_COUNTS } from '../support/live-sample.ts'

/** A worker that says what it counted, if it answers. */
class LiveFork extends EventEmitter implements Fork {
  readonly process = Object.assign(new EventEmitter(), { pid: 42 })
  readonly told: ToWorker[] = []
  delivered = 0
  answers = true

  isConnected(): boolean {
    return true
  }

  send(message: ToWorker): boolean {
    this.told.push(message)
    if (message.kind === 'look' && this.answers) {
      const topics = { orders: { received: 0, delivered: this.delivered, failed: 0 } }
      const live: LiveProcess = { ...IDLE_SAMPLE, counts: { ...NO_LIVE_COUNTS, topics } }
      this.say({ kind: 'live', id: message.id, live })
    }
    return true
  }

  kill(): void {
    this.process.emit('exit', null, 'SIGKILL')
    this.process.emit('disconnect')
  }

  say(message: ToPrimary): void {
    this.emit('message', message)
  }
}

const config = loadConfig({ argv: ['--kafka.brokers=a:1'], env: {}, readFile: () => '' })

const start = (count = 2) => {
  const clock = new FakeClock()
  const running = new RunningWorkers()
  const checks = [{ name: 'accepting', problem: undefined }]
  const live = new LiveWorkers({ identity: LIVE_IDENTITY, clock, running, checks: () => checks })
  const forks = Array.from({ length: count }, () => new LiveFork())
  const workers = forks.map((fork, slot) => {
    const listeners = { clock, onRequest: () => undefined }
    const worker = new WorkerProcess(fork, { slot, workers: count, config }, listeners)
    running.add(worker)
    fork.say({ kind: 'ready' })
    void worker.ended.then((ending) => {
      running.delete(worker)
      live.keep(worker)
      live.died(worker, ending)
    })
    return worker
  })
  return { clock, live, forks, workers }
}

const deliveredOf = ({ counts }: LiveSample): number | undefined =>
  counts.topics['orders']?.delivered

describe('LiveWorkers', () => {
  it('adds up what the workers count, and has a line for each', async () => {
    const { live, forks } = start()
    for (const [index, fork] of forks.entries()) fork.delivered = index + 1

    const sample = await live.take()

    expect(deliveredOf(sample)).toBe(3)
    expect(sample.workers).toEqual([
      { slot: 0, pid: 42, state: 'starting', queuedRecords: 0, memoryBytes: 0 },
      { slot: 1, pid: 42, state: 'starting', queuedRecords: 0, memoryBytes: 0 },
    ])
    expect(sample.checks).toEqual([{ name: 'accepting', problem: undefined }])
  })

  it('asks each worker once for all who ask at the same time', async () => {
    const { live, forks } = start()

    await Promise.all([live.take(), live.take(), live.take()])

    expect(forks.map(({ told }) => told.filter(({ kind }) => kind === 'look').length)).toEqual([
      1, 1,
    ])
  })

  it('uses what a worker said last if it does not answer within a second', async () => {
    const { clock, live, forks } = start(1)
    const [fork] = forks
    if (fork) fork.delivered = 5
    await live.take()
    if (fork) fork.answers = false

    const taking = live.take()
    await clock.advance(1_000)

    expect(deliveredOf(await taking)).toBe(5)
  })

  it('keeps what a dead worker counted, and says that it died', async () => {
    const { live, forks } = start()
    for (const fork of forks) fork.delivered = 10
    await live.take()

    forks[0]?.kill()
    await settle()
    const sample = await live.take()

    expect(deliveredOf(sample)).toBe(20)
    expect(sample.workers.map(({ slot }) => slot)).toEqual([1])
    expect(sample.problems).toMatchObject([
      { code: 'WORKER_DIED', text: 'worker 0 ended with SIGKILL' },
    ])
  })

  it('answers a worker, whose main port has the page too', async () => {
    const { live, workers, forks } = start()
    const [worker] = workers
    if (worker === undefined) throw new Error('there is no worker')

    live.answer(7, worker)
    await settle()

    const answer = forks[0]?.told.find(({ kind }) => kind === 'liveOfAll')
    expect(answer).toMatchObject({ id: 7, sample: { workers: [{ slot: 0 }, { slot: 1 }] } })
  })
})

describe('WorkerLive', () => {
  it('is what the primary answers', async () => {
    const sent: ToPrimary[] = []
    const live = new WorkerLive(LIVE_IDENTITY, (message) => sent.push(message))

    const taking = live.take()
    expect(sent).toEqual([{ kind: 'askLive', id: 0 }])
    live.answered(0, IDLE_SAMPLE)

    expect(await taking).toBe(IDLE_SAMPLE)
  })

  it('fails if the primary has none', async () => {
    const live = new WorkerLive(LIVE_IDENTITY, () => undefined)

    const taking = live.take()
    live.answered(0, undefined)

    await expect(taking).rejects.toThrow('no figures')
  })
})
