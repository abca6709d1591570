/** Checks the ports that kprf listens on: free, or held by the kprf that runs. */
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { Config } from '../../config/types.ts'
import { EXIT_CODES } from '../../base/exit-codes.ts'
import { listenProblem, type WantedPort } from '../../http/listen-problem.ts'
import { askHealth } from '../health.ts'
import { type Finding, Findings } from './finding.ts'

/** What the checks of ports work with. */
export interface PortParts {
  /** Listens on a port for a moment. @throws the error of the operating system. */
  readonly listen: (port: Pick<WantedPort, 'host' | 'port'>) => Promise<void>
  /** Asks /livez of the operations port; `undefined` if it answers as it should, or why not. */
  readonly askLife: (config: Config) => Promise<string | undefined>
}

/** The ports of this machine. */
export const MACHINE_PORTS: PortParts = {
  async listen({ host, port }) {
    const server = createServer((socket) => socket.destroy())
    server.listen({ host, port, exclusive: true })
    try {
      await once(server, 'listening')
    } finally {
      server.close()
    }
  },
  async askLife(config) {
    const { text, exitCode } = await askHealth(config, false)
    return exitCode === EXIT_CODES.ok ? undefined : text.trim()
  },
}

/** Checks both ports. */
export async function checkPorts(
  config: Config,
  { listen, askLife }: PortParts,
): Promise<readonly Finding[]> {
  const { host, port, metricsPort } = config.http
  const wanted: readonly WantedPort[] = [
    { key: 'http.port', host, port },
    { key: 'http.metrics_port', host, port: metricsPort },
  ]
  const problems = await Promise.all(
    wanted.map(async (one) => ({ one, error: await failureOf(listen(one)) })),
  )
  const isTaken = problems.some(({ error }) => isAddressTaken(error))
  const silence = isTaken ? await askLife(config) : undefined
  return problems.map(({ one, error }) => {
    const of = new Findings('port', `${one.key} ${one.port}`)
    if (error === undefined) return of.ok(one.port === 0 ? 'a free port is taken' : 'free')
    if (isAddressTaken(error) && silence === undefined) {
      return of.ok('taken, and the kprf that runs with this configuration answers /livez')
    }
    const [text = '', ...advice] = listenProblem(one, error)
      .replace(`${one.key}: `, '')
      .split(/(?<=kprf)\. |; /)
    const why = isAddressTaken(error) && silence !== undefined ? `; ${silence}` : ''
    return of.problem(
      `${text}${why}`,
      advice.join('; ') || 'end the other program, or choose another port',
    )
  })
}

async function failureOf(attempt: Promise<void>): Promise<unknown> {
  try {
    await attempt
    return undefined
  } catch (error) {
    return error
  }
}

function isAddressTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
