import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { askHealth } from '../../src/cli/health.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/types.ts'
import { sourcesOf } from '../config/sources.ts'

let server: Server | undefined
afterEach(() => server?.close())

/** Listens on a free port, and returns a configuration that names it. */
async function configOf(listener: RequestListener, host = '127.0.0.1'): Promise<Config> {
  server = createServer(listener).listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return configWith(`--http.metrics_port=${port}`, `--http.host=${host}`)
}

/** No brokers: only the port matters. */
const configWith = (...flags: string[]): Config =>
  loadConfig(sourcesOf({ argv: ['health', ...flags] }), 'local')

describe('kprf health', () => {
  it.each([
    [false, '127.0.0.1', '/livez'],
    [true, '127.0.0.1', '/readyz'],
    [false, '0.0.0.0', '/livez'],
  ])('with readiness %s asks the configured port of %s for %s', async (isReadiness, host, path) => {
    const config = await configOf((request, response) => {
      response.writeHead(request.url === path ? 200 : 404).end('ok\n')
    }, host)

    expect(await askHealth(config, isReadiness)).toEqual({ text: 'ok\n', exitCode: 0 })
  })

  it('says in one line which checks failed', async () => {
    const config = await configOf((_request, response) => {
      response.writeHead(503)
      response.end(
        '[+]accepting ok\n[-]kafka failed: down\n[-]queue failed: full\nreadyz check failed\n',
      )
    })

    expect(await askHealth(config, true)).toEqual({
      text: `http://127.0.0.1:${config.http.metricsPort}/readyz was answered 503: kafka failed: down; queue failed: full\n`,
      exitCode: 1,
    })
  })

  it('says that the port is another one, without the page that it answered with', async () => {
    const config = await configOf((_request, response) => {
      response.writeHead(404).end('{"error_code":40400,"message":"no such path"}')
    })

    expect((await askHealth(config, false)).text).toMatch(
      /livez was answered 404: this is not http\.metrics_port of a kprf; check the port\n$/,
    )
  })

  it('says that nobody answers, and what may be wrong', async () => {
    const config = await configOf(() => undefined)
    server?.close()

    expect(await askHealth(config, false)).toEqual({
      text: expect.stringMatching(
        /livez was not answered \(ECONNREFUSED\): kprf is not running, or/,
      ) as string,
      exitCode: 1,
    })
  })

  it('takes the offer of another protocol for no answer', async () => {
    const config = await configOf(({ socket }) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
    })

    expect(await askHealth(config, false)).toMatchObject({
      text: expect.stringContaining('was not answered (another protocol)') as string,
      exitCode: 1,
    })
  })

  it('asks an address with a zone, which no URL can have', async () => {
    const config = configWith('--http.metrics_port=1', '--http.host=fe80::1%nowhere')

    const { text } = await askHealth(config, false)

    expect(text).toMatch(/^http:\/\/\[fe80::1%nowhere\]:1\/livez was not answered/)
    expect(text).not.toContain('ERR_INVALID_URL')
  })

  it('cannot know a port that was free', async () => {
    expect(await askHealth(configWith('--http.metrics_port=0'), false)).toMatchObject({
      exitCode: 1,
    })
  })
})
