/** The shape of the dashboards: what people and Grafana need of each panel. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { sectionsOf } from '../../scripts/dashboard/runbook.ts'
import { dashboardFiles } from '../../scripts/generate-dashboard.ts'
import { panelsOf, readDashboard, withVariables } from './support/grafana.ts'
import { ALERTS } from './support/rules.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')

const KPRF = readDashboard('kprf')
const RUNBOOK = readDashboard('kprf-runbook')
const PANELS = panelsOf(KPRF)
const COLUMNS = 24
/** Grafana's ids of units that the dashboard uses. */
const UNITS = ['none', 'short', 'percentunit', 's', 'ms', 'bytes', 'Bps', 'reqps', 'cps']

describe('the dashboard files', () => {
  it('are what npm run dashboard writes', async () => {
    for (const [name, text] of Object.entries(await dashboardFiles())) expect(read(name)).toBe(text)
  })

  it.each([KPRF, RUNBOOK])('$uid: every panel has its own id and place', ({ panels }) => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(COLUMNS)
      return Array.from(
        { length: w * h },
        (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`,
      )
    })
    expect(new Set(cells).size).toBe(cells.length)
  })
})

describe('the dashboard of kprf', () => {
  it('has six rows and at least 24 panels', () => {
    const rows = KPRF.panels.filter(({ type }) => type === 'row').map(({ title }) => title)

    expect(rows).toEqual([
      ...['Overview', 'HTTP', 'Delivery', 'Kafka', 'Queue and write-ahead log', 'Runtime'],
    ])
    expect(PANELS.length).toBeGreaterThanOrEqual(24)
  })

  it.each(PANELS)('$title has a description, a unit, thresholds and named lines', (panel) => {
    expect(panel.description).toMatch(/\.$/)
    expect(UNITS).toContain(panel.fieldConfig?.defaults.unit)
    const steps = panel.fieldConfig?.defaults.thresholds?.steps.map(({ value }) => value) ?? []
    expect(steps[0]).toBe(null)
    expect(steps.slice(1)).toEqual(steps.slice(1).toSorted((a, b) => Number(a) - Number(b)))
    const { targets = [] } = panel
    expect(targets.length).toBeGreaterThan(0)
    expect(targets.map(({ legendFormat }) => legendFormat)).not.toContain('')
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
  })

  it.each(PANELS)('$title shows the chosen jobs and instances alone', ({ targets = [] }) => {
    for (const { expr } of targets) {
      const selectors = [...expr.matchAll(/\{([^}]*)\}/g)].map(([, selector]) => selector)
      expect(selectors).not.toEqual([])
      for (const selector of selectors) {
        expect(selector).toContain('job=~"$job", instance=~"$instance"')
      }
    }
  })

  it('uses no variable that it does not have, beside those of Grafana', () => {
    const own = KPRF.templating.list.map(({ name }) => [name, ''] as const)
    const variables = Object.fromEntries([...own, ['__rate_interval', '']])

    expect(own.map(([name]) => name)).toEqual(['datasource', 'job', 'instance', 'topic'])
    for (const { expr } of PANELS.flatMap(({ targets = [] }) => targets)) {
      expect(() => withVariables(expr, variables)).not.toThrow()
    }
  })

  it('leads from a panel to what to do about each alert, and forgets none', () => {
    const linked = new Set<string>()
    for (const { title, url } of PANELS.flatMap(({ links = [] }) => links)) {
      const [, alert = ''] = /^Alert (\w+): what to do$/.exec(title) ?? []
      const [, id] = /^\/d\/kprf-runbook\?viewPanel=(\d+)$/.exec(url) ?? []
      expect(RUNBOOK.panels.find((panel) => panel.id === Number(id))?.title).toBe(alert)
      linked.add(alert)
    }

    const alerts = ALERTS.map(({ alert }) => alert)
    expect([...linked].toSorted()).toEqual(alerts.toSorted())
  })

  it('marks starts, new versions and new configurations', () => {
    const marks = KPRF.annotations.list.map(({ name }) => name)

    expect(marks).toEqual(['Annotations & Alerts', 'Starts', 'New versions', 'New configurations'])
  })
})

describe('the runbook in Grafana', () => {
  it('has the sections of docs/ALERTS.md, and links that lead somewhere', () => {
    const sections = sectionsOf(read('docs/ALERTS.md'))

    expect(RUNBOOK.panels.map(({ title }) => title)).toEqual(sections.map(({ alert }) => alert))
    for (const { options } of RUNBOOK.panels) {
      const links = [...(options?.content ?? '').matchAll(/\]\(([^)]*)\)/g)].map(([, url]) => url)
      for (const url of links) expect(url).toMatch(/^\/d\/kprf-runbook\?viewPanel=\d+$/)
    }
  })
})

describe('the provisioning of Grafana', () => {
  it('has a data source of Prometheus, and the folder of the dashboards', () => {
    const folder = 'deploy/grafana/provisioning'

    expect(parse(read(`${folder}/datasources/prometheus.yml`))).toMatchObject({
      apiVersion: 1,
      datasources: [{ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true }],
    })
    expect(parse(read(`${folder}/dashboards/kprf.yml`))).toMatchObject({
      apiVersion: 1,
      providers: [{ type: 'file', options: { path: '/etc/grafana/kprf' } }],
    })
  })

  it('scrapes no more often than Grafana thinks, which chooses the range of rates by that', () => {
    const { global } = parse(read('deploy/prometheus/prometheus.yml')) as {
      global: { scrape_interval: string }
    }
    const { datasources } = parse(
      read('deploy/grafana/provisioning/datasources/prometheus.yml'),
    ) as { datasources: readonly { jsonData: { timeInterval: string } }[] }

    expect(datasources[0]?.jsonData.timeInterval).toBe(global.scrape_interval)
  })
})
