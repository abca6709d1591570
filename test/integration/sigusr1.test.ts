import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { startKprf, type KprfProcess, type KprfSettings } from '../support/kprf-process.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function start(
  settings: KprfSettings = {},
  nodeFlags: readonly string[] = [],
): Promise<KprfProcess> {
  const cluster = await TestCluster.start({ topics: { t: { partitions: 1 } } })
  closers.push(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, settings, nodeFlags)
  closers.push(() => kprf.destroy())
  return kprf
}

const push = { records: [{ topic: 't', data: 'a' }], wait_for_send: true }

describe('SIGUSR1', () => {
  it.each([
    ['one process', {}, []],
    ['a process with --disable-sigusr1', {}, ['--disable-sigusr1']],
    ['workers', { workers: 2 }, []],
  ])('opens no inspector, and kprf goes on serving: %s', async (_, settings, nodeFlags) => {
    const kprf = await start(settings, nodeFlags)

    for (const pid of [kprf.pid, ...kprf.workerPids]) process.kill(pid, 'SIGUSR1')

    // A process that got the signal says where its inspector listens before it does anything else.
    expect((await kprf.push(push)).status).toBe(200)
    expect((await kprf.push(push)).status).toBe(200)
    const { stderr } = await kprf.stop()
    expect(stderr).not.toContain('Debugger')
  })

  it.each([['start'], ['kprf']])('is switched off in the script %s and in the image', (script) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

    expect(scripts[script]).toContain('node --disable-sigusr1 ')
    expect(read('Dockerfile')).toContain('ENTRYPOINT ["node", "--disable-sigusr1", ')
  })
})

function read(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
}
