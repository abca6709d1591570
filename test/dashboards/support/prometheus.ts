/** A real Prometheus, Debian's, in a folder of its own on a free port. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { markedEnvironment } from '../../support/started-processes.ts'
import { within } from '../../support/until.ts'
import { RULES_FILE } from './rules.ts'

/** The interval of scrapes, and of the rules. */
export const SCRAPE_SECONDS = 1

const START_TIMEOUT_MS = 30_000

/** One line of a range query: its labels, and the values as Prometheus writes them. */
export interface Line {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [time: number, value: string])[]
}

/** A rule as Prometheus has loaded it. */
export interface LoadedRule {
  readonly name: string
  readonly health: string
  readonly lastError?: string
}

/** A running Prometheus. */
export interface Prometheus {
  /** The lines of an expression from then until now, one value a second. Rejects if it is not valid. */
  queryRange(expr: string, sinceSeconds: number): Promise<readonly Line[]>
  /** The values of a label on series that match. */
  labelValues(label: string, match: string): Promise<readonly string[]>
  /** All rules that it evaluates. */
  rules(): Promise<readonly LoadedRule[]>
  close(): Promise<void>
}

/** Starts it with the rules of this repository, scraping these `host:port`. */
export async function startPrometheus(targets: readonly string[]): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-prometheus-'))
  const config = {
    global: { scrape_interval: `${SCRAPE_SECONDS}s`, evaluation_interval: `${SCRAPE_SECONDS}s` },
    rule_files: [RULES_FILE],
    scrape_configs: [{ job_name: 'kprf', static_configs: [{ targets }] }],
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { env: markedEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const log: string[] = []
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => undefined)
  child.once('error', (cause) => {
    ended.reject(new Error('cannot run prometheus (Debian: apt-get install prometheus)', { cause }))
  })
  const exited = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      ended.reject(new Error(`prometheus has ended with ${String(code)}:\n${log.join('\n')}`))
      resolve()
    })
  })
  const listening = Promise.withResolvers<string>()
  createInterface(child.stderr).on('line', (line) => {
    log.push(line)
    const [, address] = /msg="Listening on" address=(\S+)/.exec(line) ?? []
    if (address !== undefined) listening.resolve(address)
  })
  const address = await within(
    START_TIMEOUT_MS,
    Promise.race([listening.promise, ended.promise]),
    () => new Error(`prometheus has not said where it listens:\n${log.join('\n')}`),
  )
  const ask = async <T>(path: string, parameters: Readonly<Record<string, string>>): Promise<T> => {
    const query = new URLSearchParams(parameters).toString()
    const reply = await fetch(`http://${address}/api/v1/${path}?${query}`)
    const body = (await reply.json()) as { data: T; error?: string }
    if (body.error !== undefined) throw new Error(`${body.error}: ${query}`)
    return body.data
  }
  return {
    async queryRange(expr, sinceSeconds) {
      const range = { start: String(sinceSeconds), end: String(Date.now() / 1_000), step: '1' }
      const { result } = await ask<{ result: readonly Line[] }>('query_range', {
        query: expr,
        ...range,
      })
      return result
    },
    labelValues: (label, match) => ask(`label/${label}/values`, { 'match[]': match }),
    async rules() {
      const { groups } = await ask<{ groups: readonly { rules: readonly LoadedRule[] }[] }>(
        'rules',
        {},
      )
      return groups.flatMap(({ rules }) => rules)
    },
    async close() {
      child.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true })
    },
  }
}
