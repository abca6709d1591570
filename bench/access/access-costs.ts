/** The same pushes to kprf without access rules and with many of them, in turns. */
import { setTimeout as sleep } from 'node:timers/promises'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenHash } from '../../src/http/access/token-table.ts'
import type { BenchOptions, Figure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { pushBody, runLoad } from '../support/run.ts'
import { startKprf, type Server } from '../support/server.ts'
import { show, spreadOf } from '../support/statistics.ts'

const TOKENS = 10_000
const RULES = 1_000
const CONNECTIONS = 64
const SIZES = [100, 4_096]
const SERVERS = 3
/** For the parse of 10,000 tokens. */
const RELOAD_MS = 700
const UNAUTHENTICATED = 401
/** The last of all, so that a search from the first to the last would show. */
const TOKEN = `kprf_token-${TOKENS - 1}`

const MODES = ['none', 'access', 'quotas'] as const
type Mode = (typeof MODES)[number]

const TARGETS: Readonly<Record<Mode, number | undefined>> = {
  none: undefined,
  access: 1.05,
  quotas: 1.1,
}

const NAMES: Readonly<Record<Mode, string>> = {
  none: 'without',
  access: `${TOKENS} tokens and ${RULES} rules`,
  quotas: `${TOKENS} tokens, ${RULES} rules and ${RULES} quotas`,
}

/** One round of one size. */
type Round = ReadonlyMap<Mode, { readonly cpuUs: number; readonly perSecond: number }>

/** Measures the processor time of one push of each mode. */
export async function accessCosts(options: BenchOptions): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-access-'))
  const broker = await Broker.start({ t: 4 })
  const rounds = new Map<number, Round[]>(SIZES.map((bytes) => [bytes, []]))
  try {
    for (let server = 0; server < SERVERS; server += 1) {
      await runServer(broker, folder, { ...options, rounds: options.rounds / SERVERS }, rounds)
    }
    return SIZES.flatMap((bytes) => figuresOf(bytes, rounds.get(bytes) ?? []))
  } finally {
    await broker.stop()
    rmSync(folder, { recursive: true })
  }
}

/**
 * Runs all modes in turn in one process, which takes each over on SIGHUP: two processes with the same settings differ
 * for as long as they run, by more than access rules cost.
 */
async function runServer(
  broker: Broker,
  folder: string,
  { durationMs, warmUpMs, rounds }: BenchOptions,
  results: ReadonlyMap<number, Round[]>,
): Promise<void> {
  const config = join(folder, 'kprf.yaml')
  writeSettings(config, 'none')
  const server = await startKprf(broker.bootstrap, { config })
  try {
    for (const bytes of SIZES) {
      const plan = {
        ...{ bodies: [pushBody('t', { bytes })], connections: CONNECTIONS, warmUpMs },
        ...{ isConnectionPerRequest: false, ratePerSecond: undefined },
        headers: [`Authorization: Bearer ${TOKEN}`],
      }
      // A new process compiles its code first.
      for (const mode of MODES) {
        await use(server, config, mode)
        await runLoad(server, { ...plan, durationMs })
      }
      for (let round = 0; round < rounds; round += 1) {
        const ofRound = new Map<Mode, { cpuUs: number; perSecond: number }>()
        // In the other direction every second time, so that no mode is always the first.
        for (const mode of round % 2 === 0 ? MODES : MODES.toReversed()) {
          await use(server, config, mode)
          const run = await runLoad(server, { ...plan, durationMs })
          ofRound.set(mode, { cpuUs: run.cpuPerRequestUs, perSecond: run.requestsPerSecond })
        }
        results.get(bytes)?.push(ofRound)
      }
    }
  } finally {
    await server.stop()
  }
}

async function use(server: Server, config: string, mode: Mode): Promise<void> {
  writeSettings(config, mode)
  process.kill(server.pid ?? 0, 'SIGHUP')
  await sleep(RELOAD_MS)
  const { status } = await fetch(`http://127.0.0.1:${server.port}/push`, { method: 'POST' })
  if ((status === UNAUTHENTICATED) === (mode === 'none')) {
    throw new Error(`kprf has not taken over the settings of ${mode}: ${status}`)
  }
}

function writeSettings(path: string, mode: Mode): void {
  const principals = Array.from({ length: RULES }, (_, index) => [
    `client-${TOKENS - RULES + index}`,
  ])
  const http = {
    auth: {
      tokens: Array.from({ length: TOKENS }, (_, index) => ({
        ...{ principal: `client-${index}`, sha256: tokenHash(`kprf_token-${index}`) },
      })),
    },
    acl: principals.map((own) => ({
      ...{ principals: own, topics: ['orders.*', 't'], allow: ['produce'] },
    })),
    ...(mode === 'quotas' && {
      quotas: principals.map((own) => ({
        ...{ principals: own, records_per_second: 1_000_000_000 },
        ...{ bytes_per_second: 1_000_000_000_000, requests_in_flight: 1_000_000 },
      })),
    }),
  }
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(mode === 'none' ? {} : { http }))
}

function figuresOf(bytes: number, rounds: readonly Round[]): readonly Figure[] {
  const valuesOf = (mode: Mode, name: 'cpuUs' | 'perSecond'): readonly number[] =>
    rounds.map((round) => round.get(mode)?.[name] ?? NaN)
  /** Of each round to what it is without rules in the same round. */
  const ratioOf = (mode: Mode, name: 'cpuUs' | 'perSecond') => {
    const without = valuesOf('none', name)
    return spreadOf(valuesOf(mode, name).map((value, round) => value / (without[round] ?? NaN)))
  }
  return MODES.map((mode) => {
    const cpu = spreadOf(valuesOf(mode, 'cpuUs'))
    const times = ratioOf(mode, 'cpuUs')
    const rate = ratioOf(mode, 'perSecond')
    const target = TARGETS[mode]
    return {
      name: `asynchronous push of ${bytes} bytes, ${NAMES[mode]}`,
      measured: `${show(cpu, 'µs')}, ${show(times, 'x', 3)}; pushes a second ${show(rate, 'x', 3)}`,
      target: target === undefined ? '' : `<= ${target} x`,
      isReached: target === undefined ? undefined : times.median <= target,
      values: { cpuUs: cpu.median, times: times.median, rate: rate.median },
    }
  })
}
