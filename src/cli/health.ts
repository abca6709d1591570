/** `kprf health`: asks a running kprf how it is, as the health check of a container does. */
import type { RequestOptions } from 'node:http'
import { EXIT_CODES } from '../base/exit-codes.ts'
import { http, https } from '../base/node-modules.ts'
import type { Config } from '../config/types.ts'
import type { Output } from './cli.ts'

/** An answer that takes longer is none, ms. Docker gives a health check 3 s here, with the start of Node.js. */
const TIMEOUT_MS = 2_000
/** Longest text that is read: `/readyz` writes a line for each check. */
const MAX_TEXT_CHARACTERS = 4_096

/** The hosts of a kprf that listens on every interface. */
const EVERY_INTERFACE: ReadonlySet<string> = new Set(['0.0.0.0', '::'])
/** A server on `::` listens here too, and containers have no `::1` unless their network has IPv6. */
const OWN_ADDRESS = '127.0.0.1'

/**
 * Asks `/livez`, or `/readyz`, of the port that the configuration names.
 *
 * @returns `ok`, or one line that says why not, with exit code 1.
 */
export async function askHealth(
  { http: { host, metricsPort, metricsTls } }: Config,
  isReadiness: boolean,
): Promise<Output> {
  if (metricsPort === 0) {
    return failed('http.metrics_port is 0, a free port: give the one that kprf has taken')
  }
  const address = EVERY_INTERFACE.has(host) ? OWN_ADDRESS : host
  const shown = address.includes(':') ? `[${address}]` : address
  const path = isReadiness ? '/readyz' : '/livez'
  const isSecure = metricsTls.certFile !== ''
  const url = `http${isSecure ? 's' : ''}://${shown}:${metricsPort}${path}`
  try {
    const { status, text } = await ask({ host: address, port: metricsPort, path }, isSecure)
    if (status === 200) return { text: 'ok\n', exitCode: EXIT_CODES.ok }
    const reason =
      status === 404 ? 'this is not http.metrics_port of a kprf; check the port' : reasonOf(text)
    return failed(`${url} was answered ${status}: ${reason}`)
  } catch (error) {
    return failed(
      `${url} was not answered (${problemOf(error)}): kprf is not running, or http.host or http.metrics_port differ from its own`,
    )
  }
}

function failed(reason: string): Output {
  return { text: `${reason}\n`, exitCode: EXIT_CODES.failed }
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'AbortError') return `within ${TIMEOUT_MS} ms`
  return 'code' in error ? String(error.code) : error.message
}

/** The failed checks of `/readyz`, or the first line. */
function reasonOf(text: string): string {
  const lines = text.split('\n')
  const checks = lines.filter((line) => line.startsWith('[-]')).map((line) => line.slice(3))
  return (checks.length > 0 ? checks.join('; ') : (lines[0] ?? '')).replace(/\p{Cc}+/gu, ' ')
}

/** Node's `fetch` would take as long to load as all of this. */
async function ask(
  where: RequestOptions,
  isSecure: boolean,
): Promise<{ readonly status: number; readonly text: string }> {
  const { get } = isSecure ? https() : http
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const request = get({
    ...{ ...where, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) },
    // The certificate has the name that others know this machine by, not its own address.
    rejectUnauthorized: false,
  })
  // Without a listener Node closes the connection, and nothing else happens.
  request.on('upgrade', (_response, socket) => {
    socket.destroy()
    reject(new Error('another protocol'))
  })
  request.on('error', reject).on('response', (response) => {
    const { statusCode: status = 0 } = response
    let text = ''
    response
      .setEncoding('utf8')
      .on('error', reject)
      .on('data', (part: string) => {
        if (text.length < MAX_TEXT_CHARACTERS) text += part
      })
      .on('end', () => {
        resolve({ status, text })
      })
  })
  return promise
}
