/** Checks the configuration, as kprf does when it starts. */
import { ProxyError } from '../../base/errors.ts'
import type { ConfigSources } from '../../config/resolve.ts'
import type { Config } from '../../config/types.ts'
import { checkedConfig } from '../cli.ts'
import { type Finding, Findings } from './finding.ts'

/** The configuration, if kprf would start with it. */
export interface CheckedConfiguration {
  readonly findings: readonly Finding[]
  readonly config: Config | undefined
}

/** Loads the configuration and the files that it names. */
export function checkConfiguration(sources: ConfigSources): CheckedConfiguration {
  const of = new Findings('configuration')
  try {
    const config = checkedConfig(sources)
    const findings = config.warnings.map((warning) =>
      of.warning(warning, 'change this key; docs/CONFIGURATION.md describes it'),
    )
    const text = findings.length > 0 ? 'kprf starts with it, and warns' : 'kprf starts with it'
    return { findings: [of.ok(text), ...findings], config }
  } catch (error) {
    if (!(error instanceof ProxyError && error.code === 'CONFIG_INVALID')) throw error
    const findings = error.message
      .split('\n')
      .map((line) =>
        of.problem(line, 'correct this key; kprf config check reads the configuration alone'),
      )
    return { findings, config: undefined }
  }
}
