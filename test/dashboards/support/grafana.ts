/** The dashboard, and what Grafana does with it before it asks Prometheus. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'deploy', 'grafana')

/** As much of Grafana's panel as is checked. */
export interface GrafanaPanel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] }
    }
  }
  readonly targets?: readonly {
    readonly refId: string
    readonly expr: string
    readonly legendFormat: string
  }[]
  readonly links?: readonly { readonly title: string; readonly url: string }[]
  readonly options?: { readonly content?: string }
}

/** A variable at the head of the page. */
interface Variable {
  readonly name: string
  readonly type: string
  readonly definition?: string
}

/** As much of Grafana's dashboard as is checked. */
export interface GrafanaDashboard {
  readonly uid: string
  readonly panels: readonly GrafanaPanel[]
  readonly templating: { readonly list: readonly Variable[] }
  readonly annotations: {
    readonly list: readonly { readonly name: string; readonly expr?: string }[]
  }
}

/** Reads `deploy/grafana/NAME.json`. */
export function readDashboard(name: string): GrafanaDashboard {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as GrafanaDashboard
}

/** The panels that show something. */
export function panelsOf(dashboard: GrafanaDashboard): readonly GrafanaPanel[] {
  return dashboard.panels.filter(({ type }) => type !== 'row')
}

/** Shows what is chosen as Grafana puts it into a regular expression: escaped, several in brackets. */
export function chosen(values: readonly string[]): string {
  // Grafana escapes for the regular expression, and the backslashes again for the text of PromQL.
  const escaped = values.map((value) => value.replaceAll(/[$^*{}[\]'+?.()|]/g, '\\\\$&'))
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`
}

/** Puts variables into an expression. Throws for one that it does not know. */
export function withVariables(expr: string, variables: Readonly<Record<string, string>>): string {
  return expr.replaceAll(/\$(\w+)/g, (_whole, name: string) => {
    const value = variables[name]
    if (value === undefined) throw new Error(`$${name} is no variable`)
    return value
  })
}
