/** HAProxy as a plain TCP balancer: it knows nothing of HTTP but the health checks, and repeats nothing. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { until } from '../support/until.ts'

const CHANGE_TIMEOUT_MS = 60_000

/** One server behind the balancer. */
export interface Backend {
  readonly name: string
  readonly port: number
  readonly metricsPort: number
}

/** What HAProxy says of a server. */
export type BackendState = 'UP' | 'DOWN'

/** A running HAProxy. */
export class Balancer {
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.#folder = folder
    process.once('exit', this.#kill)
    child.once('exit', hasDied)
  }

  /** Starts HAProxy on a port. Servers come and go by themselves, as `/readyz` says. */
  static async start(port: number, backends: readonly Backend[]): Promise<Balancer> {
    const folder = await mkdtemp(join(tmpdir(), 'haproxy-'))
    const file = join(folder, 'haproxy.cfg')
    await writeFile(file, configuration(port, backends, folder))
    // It ends with this process, however that ends.
    const command = ['--pdeathsig', 'KILL', 'haproxy', '-q', '-db', '-f', file]
    const child = spawn('setpriv', command, { stdio: 'ignore' })
    await once(child, 'spawn')
    const balancer = new Balancer(child, folder)
    for (const { name } of backends) await balancer.becomes(name, 'UP')
    return balancer
  }

  /** Resolves once HAProxy sees a server in this state. */
  async becomes(name: string, state: BackendState): Promise<void> {
    await until(`${name} to be ${state}`, CHANGE_TIMEOUT_MS, async () => {
      const lines = (await this.#ask('show stat')).split('\n').map((line) => line.split(','))
      // Its state is in the 18th column, such as `UP` or `DOWN 1/2` on the way up.
      const status = lines.find(([, server]) => server === name)?.[17]
      return status === state ? true : undefined
    })
  }

  /** Ends HAProxy with all its connections. */
  async stop(): Promise<void> {
    process.removeListener('exit', this.#kill)
    this.#child.off('exit', hasDied)
    if (this.#child.exitCode === null) {
      this.#kill()
      await once(this.#child, 'exit')
    }
    await rm(this.#folder, { recursive: true })
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL')
  }

  async #ask(command: string): Promise<string> {
    const socket = connect(join(this.#folder, 'socket'))
    socket.write(`${command}\n`)
    return await text(socket)
  }
}

/** Without it, the run would wait for replies that cannot come. */
function hasDied(): never {
  throw new Error('HAProxy has ended before the run did')
}

function configuration(port: number, backends: readonly Backend[], folder: string): string {
  return `
global
  maxconn 8000
  stats socket ${folder}/socket level admin
defaults
  mode tcp
  timeout connect 30s
  # A check that is slow on a busy machine is no failure.
  timeout check 5s
  timeout client 10m
  timeout server 10m
  # A connection that fails has failed: nothing is tried again.
  retries 0
frontend pushes
  bind 127.0.0.1:${port}
  default_backend kprf
backend kprf
  balance roundrobin
  option httpchk GET /readyz
  http-check expect status 200
  default-server check inter 200ms fall 2 rise 1
${backends.map(({ name, port, metricsPort }) => `  server ${name} 127.0.0.1:${port} port ${metricsPort}`).join('\n')}
`
}
