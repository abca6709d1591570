/** Every query of the dashboard returns data from a real Prometheus that scrapes two real kprf under load. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/until.ts'
import { chosen, panelsOf, readDashboard, withVariables } from './support/grafana.ts'
import {
  type Line,
  type Prometheus,
  SCRAPE_SECONDS,
  startPrometheus,
} from './support/prometheus.ts'
import { startWorld, type World } from './support/world.ts'

const KPRF = readDashboard('kprf')

/** One query, with the words that name it in a failure. */
interface Question {
  readonly name: string
  readonly expr: string
}

const QUESTIONS: readonly Question[] = [
  ...panelsOf(KPRF).flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ name: `${title}: ${legendFormat}`, expr })),
  ),
  ...KPRF.annotations.list.flatMap(({ name, expr }) =>
    expr === undefined ? [] : [{ name: `mark ${name}`, expr }],
  ),
]

/** What Grafana puts in for a step of a second: four scrapes. */
const RATE_INTERVAL = `${4 * SCRAPE_SECONDS}s`
const EVERYTHING = { job: '.*', instance: '.*', topic: '.*' }
/** How long the load may take to bring data into each panel. */
const LOAD_TIMEOUT_MS = 120_000

const hasSample = (lines: readonly Line[]): boolean =>
  lines.some(({ values }) => values.some(([, value]) => value !== 'NaN'))

describe('every query of the dashboard', () => {
  let world: World
  let prometheus: Prometheus
  let startSeconds: number
  let empty: readonly Question[] = QUESTIONS

  async function emptyOf(
    questions: readonly Question[],
    variables: Readonly<Record<string, string>>,
  ): Promise<readonly Question[]> {
    const answered = await Promise.all(
      questions.map(async (question) => {
        const expr = withVariables(question.expr, { ...variables, __rate_interval: RATE_INTERVAL })
        return { question, lines: await prometheus.queryRange(expr, startSeconds) }
      }),
    )
    return answered.filter(({ lines }) => !hasSample(lines)).map(({ question }) => question)
  }

  beforeAll(async () => {
    startSeconds = Date.now() / 1_000
    world = await startWorld()
    prometheus = await startPrometheus(world.targets)
    const stopLoad = world.startLoad()
    try {
      await until('data in every panel', LOAD_TIMEOUT_MS, async () => {
        empty = await emptyOf(empty, EVERYTHING)
        return empty.length === 0 ? true : undefined
      }).catch(() => undefined)
    } finally {
      await stopLoad()
    }
  })

  afterAll(async () => {
    await prometheus.close()
    await world.close()
  })

  it('has data', () => {
    expect(empty.map(({ name, expr }) => `${name}\n    ${expr}`)).toEqual([])
  })

  it('has data with the values of each variable chosen one by one', async () => {
    const variables: Record<string, string> = {}
    for (const { name, definition = '' } of KPRF.templating.list) {
      const [, match, label] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? []
      if (match === undefined || label === undefined) continue
      const values = await prometheus.labelValues(label, withVariables(match, variables))
      variables[name] = chosen(values)
    }

    expect(variables['job']).toBe('kprf')
    expect(variables['instance']).toBe(chosen(world.targets.toSorted()))
    expect(variables['topic']).toMatch(/^\(clicks\|limited\|orders/)
    expect(await emptyOf(QUESTIONS, variables)).toEqual([])
  })

  it('is empty for an instance that does not exist, so that the variables are used', async () => {
    const none = { ...EVERYTHING, instance: 'none' }

    expect(await emptyOf(QUESTIONS, none)).toEqual(QUESTIONS)
  })

  it('and every rule can be evaluated there', async () => {
    const rules = await prometheus.rules()

    expect(rules.length).toBeGreaterThan(0)
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
  })
})
