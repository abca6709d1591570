/** deploy/docker-compose.yml: two kprf behind HAProxy, with Prometheus and what Grafana is given. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { REPOSITORY } from './engine/folders.ts'
import { push, values, valuesOf } from './engine/push.ts'
import { Stack } from './engine/stack.ts'

const stack = new Stack(inject('engine'), 'deploy/docker-compose.yml', 'kprf-deploy')
const KPRF = ['kprf-1', 'kprf-2'] as const

beforeAll(() => stack.up())
afterAll(() => stack.remove())

interface Vector {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

/** What a query gives, by instance. */
async function query(expression: string): Promise<Readonly<Record<string, number>>> {
  const url = `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(expression)}`
  const reply = await fetch(url)
  const { data } = (await reply.json()) as { data: { result: readonly Vector[] } }
  return Object.fromEntries(
    data.result.map(({ metric, value }) => [metric['instance'] ?? '', Number(value[1])]),
  )
}

test('pushes through the balancer reach both kprf, and Prometheus scrapes both', async () => {
  const sent = values('balanced', 40)
  await expect.poll(bothServe, { timeout: 30_000 }).toBe(true)
  expect(await push('balanced', ['first'], { wait: true })).toBe(200)
  for (const value of sent) expect(await push('balanced', [value], { wait: true })).toBe(200)
  expect((await valuesOf('balanced')).filter((value) => value !== 'first')).toEqual(sent)

  const up = { 'kprf-1:8088': 1, 'kprf-2:8088': 1 }
  await expect.poll(() => query('up{job="kprf"}'), { timeout: 60_000 }).toEqual(up)
  const delivered = 'sum by (instance) (kprf_records_delivered_total{topic="balanced"}) > bool 0'
  await expect.poll(() => query(delivered), { timeout: 60_000 }).toEqual(up)
})

test('Prometheus has the alerts, and none fires', async () => {
  const rules = await fetch('http://127.0.0.1:9090/api/v1/rules?type=alert')
  const { data } = (await rules.json()) as {
    data: { groups: readonly { rules: readonly { name: string; state: string }[] }[] }
  }
  const alerts = data.groups.flatMap((group) => group.rules)
  expect(alerts.map(({ name }) => name)).toContain('KprfInstanceDown')
  expect(alerts.filter(({ state }) => state === 'firing')).toEqual([])
})

test('Grafana finds the data source and the dashboards where it reads them', async () => {
  const grafana = join(REPOSITORY, 'deploy/grafana')
  const names = (await readdir(grafana)).filter((name) => name.endsWith('.json'))
  const titles = await Promise.all(
    names.map(async (name) => {
      const { title } = JSON.parse(await readFile(join(grafana, name), 'utf8')) as { title: string }
      return title
    }),
  )
  expect(titles).not.toEqual([])
  const reply = await fetch('http://127.0.0.1:3000/provisioned')
  expect(await reply.json()).toEqual({
    datasources: ['http://prometheus:9090'],
    dashboards: titles,
  })
})

test('kprf has the limits of its container', async () => {
  const limits = await stack.exec('kprf-1', 'cat', '/proc/1/limits')
  expect(limits).toMatch(/^Max open files +16384 +16384/m)
})

test('kprf sees the client behind the balancer', async () => {
  const reply = await fetch('http://127.0.0.1:4242/push', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': '192.0.2.7' },
    body: '{"records": "none"}',
  })
  expect(reply.status).toBe(422)
  const logs = await Promise.all(KPRF.map((service) => stack.logs(service)))
  expect(logs.join('')).toContain('"address":"192.0.2.7"')
})

test('while one kprf after the other is restarted, no push fails and no record is lost', async () => {
  const sent: string[] = []
  const statuses = new Set<number>()
  const restarts = restartInTurn()
  while (!restarts.isDone()) {
    const value = `rolled-${String(sent.length).padStart(5, '0')}`
    statuses.add(await push('rolled', [value], { wait: true }))
    sent.push(value)
  }
  await restarts.promise
  expect([...statuses]).toEqual([200])
  expect(await valuesOf('rolled')).toEqual(sent)
  for (const service of KPRF) expect(await stack.logs(service)).toContain('"msg":"stopped"')
})

test('what nobody waits for survives docker compose down while Kafka is away', async () => {
  const sent = values('kept', 100)
  expect(await push('kept', ['first'], { wait: true })).toBe(200)
  await stack.compose('pause', 'kafka')
  expect(await push('kept', sent, { wait: false })).toBe(200)
  await stack.compose('stop', '--timeout=1', ...KPRF)
  await stack.compose('unpause', 'kafka')
  expect(await valuesOf('kept')).toEqual(['first'])
  await stack.down()
  await stack.up()
  await expect.poll(() => valuesOf('kept'), { timeout: 60_000 }).toEqual(['first', ...sent])
})

/** Restarts one kprf after the other, each once the balancer has both. */
function restartInTurn(): { readonly promise: Promise<void>; readonly isDone: () => boolean } {
  let isDone = false
  const restart = async (): Promise<void> => {
    for (const service of KPRF) {
      await stack.compose('restart', service)
      await expect.poll(bothServe, { timeout: 60_000 }).toBe(true)
    }
  }
  const promise = restart().finally(() => {
    isDone = true
  })
  return { promise, isDone: () => isDone }
}

/** Whether the balancer has two servers. It logs each change. */
async function bothServe(): Promise<boolean> {
  const states = new Map<string, string>()
  for (const [, name = '', state = ''] of (await stack.logs('haproxy')).matchAll(
    /Server kprf\/(kprf-\d)(?: \('kprf-\d'\))? is (UP|DOWN|going)/g,
  )) {
    states.set(name, state)
  }
  return KPRF.every((name) => states.get(name) === 'UP')
}
