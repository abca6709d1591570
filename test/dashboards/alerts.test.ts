/** The rules of Prometheus: what they read exists, each has its test and its section of the runbook. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sectionsOf } from '../../scripts/dashboard/runbook.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { HTTP_MAPPINGS } from '../../src/http/error-mapper.ts'
import { type Sample, samplesOf, seriesNames } from './support/exposition.ts'
import { metricsIn } from './support/promql.ts'
import { promtool } from './support/promtool.ts'
import {
  ALERTS,
  GROUP_NAMES,
  PROMETHEUS_FOLDER,
  RECORDINGS,
  RULE_TESTS,
  RULE_TESTS_FILE,
  RULES_FILE,
} from './support/rules.ts'
import { startHealthyKprf } from './support/healthy-kprf.ts'

const DOCS = join(import.meta.dirname, '..', '..', 'docs')
const RUNBOOK = readFileSync(join(DOCS, 'ALERTS.md'), 'utf8')
const SECTIONS = sectionsOf(RUNBOOK)
/** Of Prometheus itself. */
const OWN_METRICS = new Set(['up'])

describe('the rules', () => {
  it('are accepted by promtool', () => {
    expect(promtool(['check', 'rules', RULES_FILE])).toMatchObject({ status: 0 })
  })

  it('and so is the configuration that loads them', () => {
    const config = join(PROMETHEUS_FOLDER, 'prometheus.yml')
    const { status, output } = promtool(['check', 'config', config])

    expect(output).toContain(`1 rule files found`)
    expect(status).toBe(0)
  })

  it('and so is that of docs/MONITORING.md, which names every alert', () => {
    const page = readFileSync(join(DOCS, 'MONITORING.md'), 'utf8')
    const [, config = ''] = /^```yaml\n(.*?)^```/ms.exec(page) ?? []
    const folder = newFolder()
    copyFileSync(RULES_FILE, join(folder, 'kprf-alerts.yml'))
    writeFileSync(join(folder, 'prometheus.yml'), config)

    const { status, output } = promtool(['check', 'config', join(folder, 'prometheus.yml')])

    expect(output).toContain('1 rule files found')
    expect(status).toBe(0)
    const section = page.split(/^## /m).find((text) => text.startsWith('The alerts')) ?? ''
    const named = new Set([...section.matchAll(/Kprf\w+/g)].map(([name]) => name))
    expect([...named]).toEqual(ALERTS.map(({ alert }) => alert))
  })

  it('pass their unit tests', () => {
    const { status, output } = promtool(['test', 'rules', RULE_TESTS_FILE])

    expect(output).toContain('SUCCESS')
    expect(status).toBe(0)
  })

  it.each(ALERTS)('$alert has a test in which it fires, and not before', ({ alert }) => {
    const tests = RULE_TESTS.map(({ alert_rule_test: checks = [] }) =>
      checks
        .filter(({ alertname }) => alertname === alert)
        .map(({ exp_alerts: expected = [] }) => (expected.length > 0 ? 'fires' : 'silent')),
    ).filter((states) => states.length > 0)

    expect(tests.length).toBeGreaterThan(0)
    for (const states of tests) expect(states.slice(0, 2)).toEqual(['silent', 'fires'])
  })

  it('are tested in the order of the file, so that what a rule reads is there', () => {
    expect(readFileSync(RULE_TESTS_FILE, 'utf8')).toContain(
      ['group_eval_order:', ...GROUP_NAMES.map((name) => `  - ${name}`)].join('\n'),
    )
  })

  it('count as errors of kprf the codes with a status from 500 on', () => {
    const codes = Object.entries(HTTP_MAPPINGS)
      .filter(([, { status }]) => status >= 500)
      .map(([code]) => code.toLowerCase())
    const reasons = RECORDINGS.flatMap(({ expr }) =>
      [...expr.matchAll(/reason(=~|!~)"([^"]+)"/g)].map(([, operator, list]) => [
        operator,
        list?.split('|'),
      ]),
    )

    expect(reasons).toEqual([
      ['=~', codes],
      ['!~', codes],
    ])
  })
})

describe('an alert', () => {
  it.each(ALERTS)(
    '$alert has a severity, texts, and the section of the runbook that says more',
    (rule) => {
      const { labels, annotations, alert } = rule

      expect(['critical', 'warning']).toContain(labels['severity'])
      expect(annotations).toEqual({
        summary: expect.any(String),
        description: expect.stringMatching(/\.$/),
        runbook: `docs/ALERTS.md#${alert.toLowerCase()}`,
      })
    },
  )

  it('has one section of the runbook, in the same order, and no section is without one', () => {
    expect(SECTIONS.map(({ alert }) => alert)).toEqual(ALERTS.map(({ alert }) => alert))
  })

  it.each(SECTIONS)(
    '$alert: the section says what it means, what clients see, what to do',
    ({ text }) => {
      const parts = [...text.matchAll(/^\*\*(.+?:)\*\*/gm)].map(([, part]) => part)

      expect(parts).toEqual(['Means:', 'Clients see:', 'Do:'])
    },
  )

  it('the runbook names keys of the configuration that exist', () => {
    const keys = SETTINGS.map(({ key }): string => key)
    const named = [...RUNBOOK.matchAll(/`((?:kafka|http|wal|ratelimit|shutdown)\.[a-z_.]+)/g)]
    const unknown = named
      .map(([, name = '']) => name)
      .filter((name) => !keys.some((key) => key === name || key.startsWith(`${name}.`)))

    expect(unknown).toEqual([])
    expect(named.length).toBeGreaterThan(10)
  })
})

describe('on a real kprf', () => {
  let pages: readonly string[]
  let names: ReadonlySet<string>

  beforeAll(async () => {
    const kprf = await startHealthyKprf()
    try {
      pages = await kprf.twoPages()
    } finally {
      await kprf.close()
    }
    names = seriesNames(pages.at(-1) ?? '')
  })

  const expressions = [
    ...ALERTS.map(({ alert, expr }) => [alert, expr] as const),
    ...RECORDINGS.map(({ record, expr }) => [record, expr] as const),
  ]

  it.each(expressions)('all metrics that %s reads exist', (_name, expr) => {
    const recorded = new Set(RECORDINGS.map(({ record }) => record))
    const read = metricsIn(expr)
    const missing = read.names.filter(
      (name) => !names.has(name) && !recorded.has(name) && !OWN_METRICS.has(name),
    )

    expect(missing).toEqual([])
    for (const pattern of read.patterns) {
      expect([...names].filter((name) => pattern.test(name))).not.toEqual([])
    }
    expect(read.names.length + read.patterns.length).toBeGreaterThan(0)
  })

  it('the metrics that the runbook names exist', () => {
    const named = new Set([...RUNBOOK.matchAll(/\b(kprf_\w+)/g)].map(([, name = '']) => name))
    const known = new Set([...names].map((name) => name.replace(/_bucket$/, '')))

    expect([...named].filter((name) => !known.has(name))).toEqual([])
  })

  it('no alert fires or waits in an hour in which all goes on as in these seconds', () => {
    expect(hourOf(pages, (perMinute) => perMinute)).toEqual({ status: 0, output: SILENT })
  })

  it('and none in an hour in which nothing happens any more', () => {
    expect(hourOf(pages, () => 0)).toEqual({ status: 0, output: SILENT })
  })
})

const SILENT = expect.stringContaining('SUCCESS') as string
const MINUTES = 60

/** What promtool says of the rules when every series goes on for an hour, by so much a minute. */
function hourOf(
  pages: readonly string[],
  step: (perMinute: number) => number,
): ReturnType<typeof promtool> {
  const [before = [], after = []] = pages.map(samplesOf)
  const first = new Map(before.map(({ series, value }) => [series, Number(value)]))
  const series = after.map((sample) => inputOf(sample, first.get(sample.series), step))
  const folder = newFolder()
  const test = {
    rule_files: [RULES_FILE],
    evaluation_interval: '1m',
    group_eval_order: GROUP_NAMES,
    tests: [
      {
        interval: '1m',
        input_series: [...series, { series: `up{${LABELS}}`, values: `1x${MINUTES}` }],
        promql_expr_test: [
          { expr: 'count_over_time(ALERTS[1h])', eval_time: '1h' },
          {
            expr: 'count_over_time(instance:kprf_records_received:total[1h])',
            eval_time: '1h',
            exp_samples: [{ labels: `{${LABELS}}`, value: MINUTES + 1 }],
          },
        ],
      },
    ],
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'hour.yml'), JSON.stringify(test))
  return promtool(['test', 'rules', join(folder, 'hour.yml')])
}

const LABELS = 'job="kprf", instance="kprf-1:8088"'
/** Series whose values are moments: promtool's clock begins at 0. */
const MOMENT = /^kprf_(certificate_expiry|start_time)_seconds/
const closers: (() => void)[] = []

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-rules-'))
  closers.push(() => {
    rmSync(folder, { recursive: true })
  })
  return folder
}

afterAll(() => {
  for (const close of closers) close()
})

function inputOf(
  { series, value }: Sample,
  before: number | undefined,
  step: (perMinute: number) => number,
): { series: string; values: string } {
  const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(series) ?? []
  const labelled = `${name}{${[LABELS, labels].filter(Boolean).join(', ')}}`
  // promtool has no way to repeat a NaN.
  if (value === 'NaN') return { series: labelled, values: 'NaN' }
  const now = MOMENT.test(name) ? Number(value) - Date.now() / 1_000 : Number(value)
  const isCounter = /_(total|bucket|count|sum|messages)$/.test(name)
  const perMinute =
    isCounter && before !== undefined ? Math.max(0, step(Number(value) - before)) : 0
  // promtool does not read exponents.
  return { series: labelled, values: `${now.toFixed(9)}+${perMinute.toFixed(9)}x${MINUTES}` }
}
