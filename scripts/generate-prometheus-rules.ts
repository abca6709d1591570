/**
 * Writes what the Prometheus operator gets from `deploy/prometheus/kprf-alerts.yml`: a copy for the Helm chart, which
 * reads no file outside its folder, and a PrometheusRule for the plain manifests. `npm run generate:prometheus-rules`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { format } from 'prettier'
import { scriptArguments } from './arguments.ts'

const ALERTS = 'deploy/prometheus/kprf-alerts.yml'

/** Files that are made of the alerts, with their text. */
export async function prometheusRuleFiles(): Promise<ReadonlyMap<string, string>> {
  const alerts = readFileSync(ALERTS, 'utf8')
  const indented = alerts.replaceAll(/^(?=.)/gm, '  ')
  const rule = `# Made by \`npm run generate:prometheus-rules\` of ${ALERTS}.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: kprf
  labels:
    app.kubernetes.io/name: kprf
spec:
${indented}`
  return new Map([
    ['deploy/helm/kprf/files/kprf-alerts.yml', alerts],
    [
      'deploy/kubernetes/monitoring/prometheusrule.yaml',
      await format(rule, { parser: 'yaml', singleQuote: true }),
    ],
  ])
}

if (import.meta.main) {
  scriptArguments('Usage: npm run generate:prometheus-rules', {})
  for (const [file, text] of await prometheusRuleFiles()) writeFileSync(file, text)
}
