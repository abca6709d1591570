/** Writes the dashboards in `deploy/grafana`: `npm run dashboard`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { format } from 'prettier'
import { dashboard } from './dashboard/dashboard.ts'
import { runbook, sectionsOf, urlOf } from './dashboard/runbook.ts'
import { scriptArguments } from './arguments.ts'

scriptArguments('Usage: npm run dashboard', {})

const pathOf = (name: string): string => new URL(`../${name}`, import.meta.url).pathname

/** The dashboards by their files. */
export async function dashboardFiles(): Promise<Readonly<Record<string, string>>> {
  const sections = sectionsOf(readFileSync(pathOf('docs/ALERTS.md'), 'utf8'))
  return {
    'deploy/grafana/kprf.json': await textOf(dashboard((alert) => urlOf(sections, alert))),
    'deploy/grafana/kprf-runbook.json': await textOf(runbook(sections)),
  }
}

async function textOf(value: unknown): Promise<string> {
  return await format(JSON.stringify(value), { parser: 'json', printWidth: 100 })
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(await dashboardFiles()))
    writeFileSync(pathOf(name), text)
}
