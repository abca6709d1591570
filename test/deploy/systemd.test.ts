/** The unit of systemd, as systemd itself sees it. */
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { EXIT_CODES } from '../../src/base/exit-codes.ts'
import { END_MS } from './support/agreement.ts'
import { type Outcome, run } from './support/run.ts'

const UNIT = 'deploy/systemd/kprf.service'
/** From 0, which is safe, to 10. systemd calls what is below 2 OK or safe. */
const MAX_EXPOSURE = 1.5

/** The values of a setting, in order. */
async function settings(name: string): Promise<string[]> {
  const lines = (await readFile(UNIT, 'utf8')).split('\n')
  return lines
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) => line.slice(name.length + 1))
}

/** Verifies a unit whose program is where it says. */
async function verify(unit: string): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'systemd-'))
  try {
    const program = join(folder, 'kprf')
    await writeFile(program, '#!/bin/sh\n')
    await chmod(program, 0o755)
    const file = join(folder, 'kprf.service')
    await writeFile(file, unit.replace('/usr/local/bin/kprf', program))
    return await run('systemd-analyze', ['verify', file])
  } finally {
    await rm(folder, { recursive: true })
  }
}

it('systemd-analyze verify has nothing to say to the unit', async () => {
  expect(await verify(await readFile(UNIT, 'utf8'))).toEqual({ exitCode: 0, output: '' })
})

it.each([
  ['an unknown setting', 'TimeoutStopSec=', 'TimeoutStopSecs='],
  ['a wrong value', 'ProtectSystem=strict', 'ProtectSystem=very'],
  ['a program that is not there', '/bin/kill', '/bin/kil'],
])('systemd-analyze verify complains about %s', async (_, before, after) => {
  const unit = await readFile(UNIT, 'utf8')
  expect(unit).toContain(before)

  expect((await verify(unit.replace(before, after))).output).not.toBe('')
})

it('what the service may do of the machine is little, by the score of systemd', async () => {
  const { output } = await run('systemd-analyze', ['security', '--offline=yes', UNIT])
  const score = Number(/exposure level for kprf\.service: ([\d.]+)/.exec(output)?.[1])
  console.log(`systemd-analyze security: ${score} (<= ${MAX_EXPOSURE})`)

  expect(score).toBeLessThanOrEqual(MAX_EXPOSURE)
  const threshold = ['--offline=yes', `--threshold=${MAX_EXPOSURE * 10}`]
  expect((await run('systemd-analyze', ['security', ...threshold, UNIT])).exitCode).toBe(0)
})

it('it is given more time to stop than kprf takes by default', async () => {
  const [seconds] = await settings('TimeoutStopSec')

  expect(Number(seconds) * 1000).toBeGreaterThan(20_000 + END_MS)
})

it('it is not started again after the errors that another start does not change', async () => {
  const { usage, config } = EXIT_CODES

  expect(await settings('RestartPreventExitStatus')).toEqual([`${usage} ${config}`])
})

it('kprf accepts its variables', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'systemd-'))
  try {
    await mkdir(join(folder, 'credentials'))
    await writeFile(join(folder, 'credentials/kafka-password'), 'a-password-for-the-test\n')
    const values = (await settings('Environment')).map((text) =>
      text
        .replace('%d', join(folder, 'credentials'))
        .replace('%S', join(folder, 'state'))
        .split('='),
    )
    expect(values).toHaveLength(3)
    const env = { ...Object.fromEntries(values), PATH: process.env['PATH'] } as Record<
      string,
      string
    >
    const config = join(folder, 'kprf.yaml')
    await cp('config_example.yaml', config)
    const flags = [
      '--conditions=kprf-source',
      'src/main.ts',
      'config',
      'print',
      `--config=${config}`,
    ]

    const { exitCode, output } = await run(process.execPath, [...flags, '--kafka.user=kprf'], {
      env,
    })

    expect(exitCode).toBe(0)
    expect(output).toContain(`${folder}/state/kprf/wal`)
  } finally {
    await rm(folder, { recursive: true })
  }
})
