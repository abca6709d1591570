/** `kprf wal` as users run it, also beside a kprf that runs. Nothing needs Kafka. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runKprf } from '../support/kprf-command.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

const NO_BROKER = '127.0.0.1:1'
const FILE = '0000000000000001.wal'

let folder: string
const running: KprfProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-'))
})

afterEach(async () => {
  for (const kprf of running.splice(0)) if (kprf.isRunning) await kprf.stop('SIGKILL')
  await rm(folder, { recursive: true })
})

async function start(): Promise<KprfProcess> {
  const kprf = await startKprf(NO_BROKER, { 'wal.enabled': 'true', 'wal.dir': folder })
  running.push(kprf)
  return kprf
}

/** A kprf that has accepted three pushes of two records, which Kafka does not have. */
async function startWithRecords(): Promise<KprfProcess> {
  const kprf = await start()
  for (const data of ['a', 'b', 'c']) {
    const records = [
      { topic: 'orders', data },
      { topic: 'clicks', data },
    ]
    expect((await kprf.push({ records })).status).toBe(200)
  }
  return kprf
}

const file = (): string => join(folder, 'slot-00', 'log', FILE)

/** Makes a byte of the first push wrong. */
async function damage(): Promise<void> {
  const bytes = await readFile(file())
  bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100)
  await writeFile(file(), bytes)
}

describe('kprf wal', () => {
  it('shows what the log of a running kprf holds, and changes nothing', async () => {
    const kprf = await startWithRecords()
    const before = await readFile(file())

    const { exitCode, stdout, stderr } = await runKprf('wal', 'inspect', `--wal.dir=${folder}`)

    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/^read 6 records, \d+\/s in 0 s\n$/)
    expect(stdout.split('\n')).toEqual([
      `slot-00: in use by process ${kprf.pid}`,
      `  log: 1 file, ${before.length} bytes, 6 records, of which 6 pending`,
      expect.stringMatching(
        new RegExp(
          `^    ${FILE}: created 20\\d\\d-\\S+Z, ${before.length} bytes, 3 frames, 6 records, 0 settled, 6 pending$`,
        ),
      ),
      ...['    topic orders: 3 records', '    topic clicks: 3 records'],
      expect.stringMatching(/^ {4}the oldest of them was accepted at 20\d\d-\S+Z$/),
      '  dead-letters: 0 files, 0 bytes, 0 records, of which 0 dead letters',
      '  keys: 0 files, 0 bytes, 0 records, of which 0 kept',
      '',
    ])
    const json = await runKprf('wal', 'inspect', '--json', folder)
    expect(JSON.parse(json.stdout)).toMatchObject({
      folder,
      slots: [
        {
          ...{ slot: 'slot-00', in_use: true, pid: kprf.pid },
          logs: { log: { pending_by_topic: { orders: 3, clicks: 3 } } },
        },
      ],
    })
    expect(await readFile(file())).toEqual(before)
    expect((await runKprf('wal', 'verify', folder)).stdout).toBe('1 file, 6 records: no damage\n')
  })

  it('finds damage, says what a repair would do, does it, and kprf sends what is left', async () => {
    await (await startWithRecords()).stop('SIGKILL')
    await damage()
    const name = `slot-00/log/${FILE}`

    const verified = await runKprf('wal', 'verify', folder)
    expect(verified).toMatchObject({ exitCode: 65 })
    expect(verified.stdout.split('\n')).toEqual([
      expect.stringMatching(`^${name}: damaged at 64, \\d+ bytes: .*, at most 2 records lost$`),
      '1 file, 4 records: 1 damage',
      '',
    ])
    const planned = await runKprf('wal', 'repair', '--dry-run', folder)
    expect(planned).toMatchObject({ exitCode: 0 })
    expect(planned.stderr).toMatch(/^read 4 records, \d+\/s in 0 s\n$/)
    expect(planned.stdout).toBe(
      `${name}: 4 pending records would be copied to a new ${FILE}; the old file would be kept as ${FILE}.repaired.damaged\n`,
    )
    expect(await readdir(join(folder, 'slot-00', 'log'))).toEqual([FILE])
    const repaired = await runKprf('wal', 'repair', folder)
    expect(repaired.stdout).toBe(planned.stdout.replaceAll('would be ', ''))
    const verifiedAgain = await runKprf('wal', 'verify', folder, '--json')
    expect(verifiedAgain.exitCode).toBe(0)
    expect(JSON.parse(verifiedAgain.stdout)).toMatchObject({ ok: true, records: 4, problems: [] })
    expect((await runKprf('wal', 'repair', folder)).stdout).toBe('nothing to repair\n')

    const kprf = await start()
    const message = 'the write-ahead log has records from before the start; they are being sent'
    expect(await kprf.logged(message)).toMatchObject({ slot: 'slot-00', files_left: 1 })
    expect((await kprf.metrics()).sum('kprf_wal_pending_records')).toBe(4)
  })

  it('repairs nothing that a process uses, and says which one', async () => {
    const kprf = await startWithRecords()
    await damage()
    const before = await readFile(file())

    const { exitCode, stdout, stderr } = await runKprf('wal', 'repair', folder)
    expect({ exitCode, stdout }).toEqual({ exitCode: 75, stdout: '' })
    expect(stderr).toContain(
      `slot-00 is in use by process ${kprf.pid}, and has 1 damage: stop that first\n`,
    )
    expect(await readFile(file())).toEqual(before)
  })

  it.each([
    ['is not there', 'nowhere', 'does not exist: give the folder that wal.dir names'],
    ['is a file', 'file', 'is not a folder: give the folder that wal.dir names'],
    ['has no log', 'empty', 'has no write-ahead log: no folder slot-00'],
  ])('says in one line what to do if the folder %s', async (_what, name, message) => {
    await mkdir(join(folder, 'empty'))
    await writeFile(join(folder, 'file'), '')

    for (const verb of ['inspect', 'verify', 'repair']) {
      const { exitCode, stdout, stderr } = await runKprf('wal', verb, join(folder, name))
      expect({ exitCode, stdout }).toEqual({ exitCode: 78, stdout: '' })
      expect(stderr).toMatch(new RegExp(`^${join(folder, name)} ${message}.*\n$`))
    }
  })

  it.runIf(process.getuid?.() !== 0)('says who can read a folder that it cannot', async () => {
    await mkdir(join(folder, 'slot-00', 'log'), { recursive: true })
    await chmod(join(folder, 'slot-00'), 0)

    const { exitCode, stderr } = await runKprf('wal', 'inspect', folder)
    await chmod(join(folder, 'slot-00'), 0o700)

    expect(exitCode).toBe(78)
    expect(stderr).toContain('slot-00 cannot be read: only the user of kprf can')
  })

  it('ends verify with 78 for files that kprf does not start with', async () => {
    await mkdir(join(folder, 'slot-00', 'log'), { recursive: true })
    await writeFile(join(folder, 'slot-00', 'log', 'notes.txt'), 'x')

    const { exitCode, stdout } = await runKprf('wal', 'verify', folder)

    expect(exitCode).toBe(78)
    expect(stdout).toMatch(/^slot-00\/log\/notes\.txt: foreign at 0, 1 byte: not a file of /)
  })

  it('has a help for each command, and refuses what it does not know', async () => {
    const help = await runKprf('wal', 'verify', '--help')
    expect(help.stdout).toMatch(/^Usage: kprf wal verify /)
    expect(await runKprf('wal', 'verify', '--nonsense=1')).toMatchObject({ exitCode: 78 })
    expect(await runKprf('wal', 'mend')).toMatchObject({ exitCode: 64, stdout: '' })
  })
})
