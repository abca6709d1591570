/** SIGHUP: kprf reads its configuration again, and takes over what needs no restart. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { tokenHash } from '../../src/http/access/token-table.ts'
import { HttpClient } from '../support/http-client.ts'
import { type LogLine, startKprf, type KprfSettings } from '../support/kprf-process.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const READ_AGAIN = 'the configuration was read again'
const tokenOf = (principal: string) => ({ principal, sha256: tokenHash(`token-of-${principal}`) })

async function start(settings: KprfSettings, file: object) {
  const cluster = await TestCluster.start({
    topics: { a: { partitions: 1 }, b: { partitions: 1 } },
  })
  closers.push(() => cluster.close())
  const folder = mkdtempSync(join(tmpdir(), 'kprf-reload-'))
  closers.push(() => {
    rmSync(folder, { recursive: true })
  })
  const path = join(folder, 'kprf.yaml')
  const write = (content: object | string): void => {
    writeFileSync(path, typeof content === 'string' ? content : stringify(content))
  }
  write(file)
  const kprf = await startKprf(cluster.bootstrap, { config: path, ...settings })
  closers.push(() => kprf.destroy())
  /** Writes the file anew and resolves once kprf has read it: to the line of its log. */
  const reload = async (content: object | string) => {
    const known = kprf.log.length
    write(content)
    kprf.signal('SIGHUP')
    const newLine = (): LogLine | undefined =>
      kprf.log.slice(known).find(({ msg }) => msg.startsWith(READ_AGAIN))
    await expect.poll(newLine).toBeDefined()
    return newLine()
  }
  const client = new HttpClient(kprf.pushPort)
  closers.push(() => {
    client.close()
  })
  /** The status of a push of `count` records to one topic, on the connection that is open. */
  const push = async (principal: string, topic = 'a', count = 1): Promise<number> => {
    const records = Array.from({ length: count }, () => ({ topic, data: 'd' }))
    const headers = { Authorization: `Bearer token-of-${principal}` }
    const body = JSON.stringify({ records, wait_for_send: true })
    return (await client.post('/push', body, headers)).status
  }
  return { kprf, folder, reload, push }
}

describe.each([1, 2])('on SIGHUP, with %i workers', (workers) => {
  it('tokens and rules are those of the file, also on connections that are open', async () => {
    const { kprf, reload, push } = await start(
      { workers },
      { http: { auth: { tokens: [tokenOf('shop')] } } },
    )
    expect(await push('shop')).toBe(200)
    expect(await push('billing')).toBe(401)

    const tokens = [tokenOf('billing')]
    expect(await reload({ http: { auth: { tokens } } })).toMatchObject({
      ...{ level: 'info', msg: READ_AGAIN, changed: ['http.auth.tokens'] },
    })
    await expect.poll(() => push('shop')).toBe(401)
    expect(await push('billing', 'b')).toBe(200)

    const acl = [{ principals: ['billing'], topics: ['a'], allow: ['produce'] }]
    expect(await reload({ http: { auth: { tokens }, acl } })).toMatchObject({
      changed: ['http.acl'],
    })
    await expect.poll(() => push('billing', 'b')).toBe(403)
    expect(await push('billing', 'a')).toBe(200)

    const quotas = [{ principals: ['billing'], records_per_second: 1 }]
    expect(await reload({ http: { auth: { tokens }, quotas } })).toMatchObject({
      changed: ['http.acl', 'http.quotas'],
    })
    await expect.poll(() => push('billing', 'b', 1000)).toBe(200)
    await expect.poll(() => push('billing', 'b')).toBe(429)

    const ratelimit = {
      enabled: true,
      rules: [{ topic_name: 'a', max_requests_per_minute: 1 }],
    }
    expect(await reload({ http: { auth: { tokens } }, ratelimit })).toMatchObject({
      changed: ['http.quotas', 'ratelimit.enabled', 'ratelimit.rules'],
    })
    await expect.poll(() => push('billing', 'b')).toBe(200)
    await expect.poll(() => push('billing', 'a')).toBe(429)

    await kprf.stop()
    expect(JSON.stringify(kprf.log)).not.toMatch(/token-of-/)
  })

  it('a file with an error changes nothing', async () => {
    const good = { http: { auth: { tokens: [tokenOf('shop')] } } }
    const { reload, push } = await start({ workers }, good)

    expect(await reload('http: {auth: {tokens: [{principal: shop, sha256: x}]}}')).toMatchObject({
      level: 'error',
      msg: 'the configuration was read again and has an error: nothing has changed',
      reason: expect.stringContaining('http.auth.tokens') as string,
    })
    expect(await push('shop')).toBe(200)
    expect(await reload(good)).toMatchObject({ level: 'info', changed: [] })
    expect(await push('shop')).toBe(200)
  })

  it('the log level and the tokens of the operations port change', async () => {
    const { kprf, reload, push } = await start({ workers }, {})
    const port = (await kprf.logged('accepting pushes'))['metrics_port']
    const statusWith = async (token: string): Promise<number> => {
      const headers = { Authorization: `Bearer ${token}` }
      return (await fetch(`http://127.0.0.1:${String(port)}/metrics`, { headers })).status
    }

    await reload({
      log_level: 'debug',
      http: { metrics_auth: { tokens: [tokenOf('prometheus')] } },
    })

    await expect.poll(() => statusWith('nonsense')).toBe(401)
    expect(await statusWith('token-of-prometheus')).toBe(200)
    await expect
      .poll(async () => {
        await push('anyone')
        return kprf.log.find(({ level, msg }) => level === 'debug' && msg === 'push served')
      })
      .toMatchObject({ principal: 'anonymous', address: '127.0.0.1' })
  })

  it('pages that are open end when the tokens of the operations port are others, and only then', async () => {
    const withTokensOf = (name: string) => ({ http: { metrics_auth: { tokens: [tokenOf(name)] } } })
    const { kprf, reload } = await start({ workers }, withTokensOf('before'))
    const port = (await kprf.logged('accepting pushes'))['metrics_port']
    const headers = { Authorization: 'Bearer token-of-before' }
    const { body } = await fetch(`http://127.0.0.1:${String(port)}/page/live`, { headers })
    let hasEnded = false
    let figures = 0
    const reading = (async () => {
      for await (const piece of body ?? [])
        figures += String(Buffer.from(piece)).split('figures').length - 1
      hasEnded = true
    })()

    await reload({ ...withTokensOf('before'), log_level: 'debug' })
    const known = figures
    await expect.poll(() => figures, { timeout: 5_000 }).toBeGreaterThan(known + 1)
    expect(hasEnded).toBe(false)

    await reload(withTokensOf('after'))
    await reading
    expect(hasEnded).toBe(true)
  })
})

describe('on SIGHUP', () => {
  it('the file of tokens is read again', async () => {
    const { folder, reload, push } = await start({}, {})
    const tokensFile = join(folder, 'tokens.yaml')
    const file = { http: { auth: { tokens_file: tokensFile } } }
    writeFileSync(tokensFile, stringify([tokenOf('shop')]))
    await reload(file)
    expect([await push('shop'), await push('billing')]).toEqual([200, 401])

    writeFileSync(tokensFile, stringify([tokenOf('billing')]))
    expect(await reload(file)).toMatchObject({ changed: ['http.auth.tokens_file'] })
    expect([await push('shop'), await push('billing')]).toEqual([401, 200])

    writeFileSync(tokensFile, 'nonsense')
    expect(await reload(file)).toMatchObject({
      reason:
        'http.auth.tokens_file: cannot use the file: it must be a list of {principal, sha256}; it is a text',
    })
    expect([await push('shop'), await push('billing')]).toEqual([401, 200])
  })

  it('changes that need a restart are named and wait for it', async () => {
    const { kprf, reload, push } = await start({}, {})

    expect(
      await reload({
        log_level: 'warn',
        kafka: { client_id: 'other' },
        http: { max_topics_per_request: 5 },
      }),
    ).toMatchObject({
      ...{ level: 'warn', msg: `${READ_AGAIN}; some changes need a restart of kprf` },
      changed: ['log_level'],
      needs_restart: ['kafka.client_id', 'http.max_topics_per_request'],
    })
    expect(await push('anyone')).toBe(200)
    expect((await kprf.stop()).exitCode).toBe(0)
  })

  it('the last token does not go while another way to say who one is waits for a restart', async () => {
    const { folder, reload, push } = await start(
      {},
      { http: { auth: { tokens: [tokenOf('shop')] } } },
    )
    const jwksFile = join(folder, 'keys.json')
    writeFileSync(jwksFile, JSON.stringify({ keys: [] }))
    const jwt = { jwks_file: jwksFile, issuer: 'i', audience: 'a' }

    expect(await reload({ http: { auth: { jwt } } })).toMatchObject({
      level: 'error',
      reason: expect.stringMatching(/^without http.auth.tokens .* anyone could push/) as string,
    })
    expect([await push('shop'), await push('billing')]).toEqual([200, 401])
  })
})
