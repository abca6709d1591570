/** `kprf dead-letters` as users run it, also beside a kprf that runs. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { lockFolder } from '../../src/wal/slot-lock.ts'
import { type CommandResult, runKprf, startCommand } from '../support/kprf-command.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

let folder: string
let cluster: TestCluster
const running: KprfProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'letters-'))
  cluster = await TestCluster.start({ brokers: 1 })
  cluster.createTopic('refusing', { partitions: 1, configs: { 'cleanup.policy': 'compact' } })
})

afterEach(async () => {
  for (const kprf of running.splice(0)) if (kprf.isRunning) await kprf.stop('SIGKILL')
  await cluster.close()
  await rm(folder, { recursive: true })
})

async function start(): Promise<KprfProcess> {
  const kprf = await startKprf(cluster.bootstrap, {
    ...{ 'wal.enabled': 'true', 'wal.dir': folder },
  })
  running.push(kprf)
  return kprf
}

/** Pushes records that Kafka refuses for good, and waits until they are dead letters. */
async function bury(kprf: KprfProcess, ...values: readonly string[]): Promise<void> {
  const before = (await kprf.metrics()).sum('kprf_wal_dead_letters_total')
  const headers = { a: '1', 'kprf-topic': 'of the client' }
  for (const data of values) {
    await kprf.push({ records: [{ topic: 'refusing', data, headers, timestamp: 1.5e12 }] })
  }
  await expect
    .poll(async () => (await kprf.metrics()).sum('kprf_wal_dead_letters_total'))
    .toBe(before + values.length)
}

/** From now on Kafka takes what it refused. */
function takeThem(): void {
  cluster.deleteTopic('refusing')
  cluster.createTopic('refusing', { partitions: 1 })
}

const argumentsOf = (...words: readonly string[]): readonly string[] => [
  ...['dead-letters', ...words, `--wal.dir=${folder}`, `--kafka.brokers=${cluster.bootstrap}`],
]

const command = (...words: readonly string[]): Promise<CommandResult> =>
  runKprf(...argumentsOf(...words))

async function ids(): Promise<readonly string[]> {
  const { stdout } = await command('list', '--json')
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => (JSON.parse(line) as { id: string }).id)
}

const letterFiles = (): Promise<readonly string[]> =>
  readdir(join(folder, 'slot-00', 'dead-letters'))

describe('kprf dead-letters', () => {
  it('lists them while kprf runs, with why Kafka refuses each', async () => {
    const kprf = await start()
    await bury(kprf, 'x', 'y')

    const { exitCode, stdout, stderr } = await command('list')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(
        /^slot-00\/1-[0-9a-f]{8}:0 refusing\/- key=- accepted=20\d\d-\S+Z 1 byte: 87 .+/,
      ),
      expect.stringMatching(/^slot-00\/1-[0-9a-f]{8}:1 refusing\/- /),
      '',
    ])
    const json = await command('list', '--json', '--topic=refusing')
    expect(JSON.parse(json.stdout.split('\n')[0] ?? '')).toMatchObject({
      ...{ topic: 'refusing', partition: null, key: null, data: 'x', bytes: 1, error_code: 87 },
      timestamp: 1.5e12,
      headers: [
        { key: 'a', value: '1' },
        { key: 'kprf-topic', value: 'of the client' },
      ],
    })
    expect((await command('list', '--topic=t')).stdout).toBe('')
  })

  it('sends them again as they were, and removes those that Kafka takes', async () => {
    const kprf = await start()
    await bury(kprf, 'x', 'y')

    const refused = await command('replay', '--all')
    expect(refused.exitCode).toBe(1)
    expect(refused.stdout).toMatch(/^kept 2, topic refusing: .*\nsent 0 dead letters, kept 2\n$/)
    expect(await ids()).toHaveLength(2)

    takeThem()
    const sent = await command('replay', '--topic', 'refusing')
    expect(sent).toMatchObject({ exitCode: 0, stdout: 'sent 2 dead letters, kept 0\n' })
    expect(sent.stderr).toContain('sent 2 records')
    const records = cluster.records('refusing')
    expect(records.map(({ value }) => String(value))).toEqual(['x', 'y'])
    expect(records[0]?.timestampMs).toBe(1.5e12)
    expect(records[0]?.headers.map(({ key, value }) => `${key}=${String(value)}`)).toEqual([
      ...['a=1', 'kprf-topic=of the client'],
    ])
    expect(await ids()).toEqual([])
    expect((await command('replay', '--all')).exitCode).toBe(0)
    expect(cluster.records('refusing')).toHaveLength(2)
  })

  it('leaves the file alone that kprf writes to, and removes it once kprf has ended', async () => {
    const kprf = await start()
    await bury(kprf, 'x')
    await command('drop', '--all', '--yes')
    expect(await letterFiles()).toEqual(['0000000000000001-1.acks', '0000000000000001.wal'])
    await bury(kprf, 'y')
    await kprf.stop()

    const [id = '', ...others] = await ids()
    expect(others).toEqual([])
    expect(await command('drop', id, '--yes')).toMatchObject({
      ...{ exitCode: 0, stdout: 'removed 1 dead letter\n', stderr: '' },
    })
    expect(await letterFiles()).toEqual([])
    expect(await command('drop', id, '--yes')).toMatchObject({
      ...{ exitCode: 1, stdout: 'removed 0 dead letters\n' },
      stderr: '1 id without a dead letter; kprf dead-letters list shows them\n',
    })
    expect((await (await start()).stop()).exitCode).toBe(0)
  })

  it('removes nothing without a yes, and nothing while another replay or drop is under way', async () => {
    const kprf = await start()
    await bury(kprf, 'x')

    expect(await command('drop', '--all')).toMatchObject({
      ...{ exitCode: 64, stdout: '' },
      stderr: 'kprf dead-letters drop: nobody can be asked here; --yes removes them\n',
    })
    const unlock = await lockFolder(join(folder, 'slot-00'), 'dead-letters')
    expect(await command('replay', '--all')).toMatchObject({
      ...{ exitCode: 75, stdout: '' },
      stderr: `the dead letters of slot-00 are in use by process ${process.pid}, a replay or drop: wait for it\n`,
    })
    await unlock?.()
    expect(await ids()).toHaveLength(1)
  })

  it('sends each at least once if a replay is killed, and repeats only what was not settled', async () => {
    const kprf = await start()
    const values = Array.from({ length: 300 }, (_, index) => `v${index}`)
    await bury(kprf, ...values)
    takeThem()
    const stored = (): readonly string[] =>
      cluster.records('refusing').map(({ value }) => String(value))

    // One record in each batch, so that they do not all arrive together.
    const words = argumentsOf('replay', '--all', '--kafka.properties.batch.num.messages=1')
    const killed = startCommand(...words)
    await expect.poll(() => stored().length, { interval: 1 }).toBeGreaterThan(20)
    killed.kill()
    await killed.ended
    const left = await ids()
    const second = await command('replay', '--all')

    expect(second).toMatchObject({ exitCode: 0 })
    expect([...new Set(stored())].sort()).toEqual([...values].sort())
    expect(stored().length).toBeLessThanOrEqual(values.length + left.length)
    expect(await ids()).toEqual([])
  })

  it('keeps them if Kafka cannot be reached in time', async () => {
    const kprf = await start()
    await bury(kprf, 'x')
    await cluster.stopBroker(1)

    const { exitCode, stdout } = await command('replay', '--all', '--kafka.message_timeout_ms=500')

    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/^kept 1, topic refusing: .*\nsent 0 dead letters, kept 1\n$/)
    expect(await ids()).toHaveLength(1)
  })
})
