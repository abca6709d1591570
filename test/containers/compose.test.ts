/** docker-compose.yml: Kafka and kprf, pushed to and read from this machine, stopped, and started again. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { parseMetrics } from '../support/metric-samples.ts'
import { push, values, valuesOf } from './engine/push.ts'
import { Stack } from './engine/stack.ts'

const stack = new Stack(inject('engine'), 'docker-compose.yml', 'kprf-compose')

beforeAll(() => stack.up())
afterAll(() => stack.remove())

describe('docker-compose.yml', () => {
  test('takes a push once it is up, and Kafka has the record', async () => {
    expect(await push('orders', ['hello'], { wait: true })).toBe(200)
    expect(await valuesOf('orders')).toEqual(['hello'])
  })

  test('kprf is healthy and ready', async () => {
    expect((await stack.inspect('kprf')).State.Health?.Status).toBe('healthy')
    expect(await stack.exec('kprf', 'kprf', 'health', '--ready')).toBe('ok\n')
  })

  test('kprf runs without a capability, and can write nowhere', async () => {
    const script =
      'grep CapEff /proc/1/status; for d in / /opt/kprf /etc /tmp; do touch $d/x 2>&1 || true; done'
    const [capabilities, ...writes] = (await stack.exec('kprf', 'sh', '-c', script))
      .trim()
      .split('\n')
    expect(capabilities).toBe('CapEff:\t0000000000000000')
    expect(writes).toHaveLength(4)
    for (const write of writes) expect(write).toContain('Read-only file system')
  })

  test('kprf that is stopped delivers what it has queued, and exits with 0', async () => {
    const sent = values('queued', 500)
    expect(await push('stopped', ['first'], { wait: true })).toBe(200)
    await stack.compose('pause', 'kafka')
    expect(await push('stopped', sent, { wait: false })).toBe(200)
    const metrics = await fetch('http://127.0.0.1:8088/metrics')
    expect(parseMetrics(await metrics.text()).sum('kprf_queue_records')).toBe(sent.length)

    const stopped = stack.compose('stop', 'kprf')
    await expect.poll(() => stack.logs('kprf'), { timeout: 30_000 }).toContain('"SIGTERM"')
    expect((await stack.inspect('kprf')).State.Status).toBe('running')
    await stack.compose('unpause', 'kafka')
    await stopped
    expect((await stack.inspect('kprf')).State).toMatchObject({ Status: 'exited', ExitCode: 0 })
    expect(await valuesOf('stopped')).toEqual(['first', ...sent])
  })

  test('what Kafka has survives docker compose down and up', async () => {
    await stack.down()
    await stack.up()
    expect(await valuesOf('orders')).toEqual(['hello'])
    expect(await push('orders', ['hello again'], { wait: true })).toBe(200)
    expect(await valuesOf('orders')).toEqual(['hello', 'hello again'])
  })
})
