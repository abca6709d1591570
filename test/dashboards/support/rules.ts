/** The rules in `deploy/prometheus`, and their unit tests. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export const PROMETHEUS_FOLDER = join(import.meta.dirname, '..', '..', '..', 'deploy', 'prometheus')
export const RULES_FILE = join(PROMETHEUS_FOLDER, 'kprf-alerts.yml')
export const RULE_TESTS_FILE = join(PROMETHEUS_FOLDER, 'kprf-alerts.test.yml')

/** An alert. */
export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** A series that is computed for alerts. */
export interface Recording {
  readonly record: string
  readonly expr: string
}

/** One of the unit tests. */
export interface RuleTest {
  readonly name: string
  readonly alert_rule_test?: readonly {
    readonly eval_time: string
    readonly alertname: string
    readonly exp_alerts?: readonly unknown[]
  }[]
}

const { groups } = parse(readFileSync(RULES_FILE, 'utf8')) as {
  groups: readonly { name: string; rules: readonly (Alert | Recording)[] }[]
}

export const GROUP_NAMES: readonly string[] = groups.map(({ name }) => name)
const rules = groups.flatMap((group) => group.rules)
export const ALERTS: readonly Alert[] = rules.filter((rule) => 'alert' in rule)
export const RECORDINGS: readonly Recording[] = rules.filter((rule) => 'record' in rule)
export const RULE_TESTS: readonly RuleTest[] = (
  parse(readFileSync(RULE_TESTS_FILE, 'utf8')) as { tests: readonly RuleTest[] }
).tests
