/** The options of producer and transport for a kprf without a configuration file. */
import { loadConfig } from '../../src/config/load.ts'
import { ingestSettings } from '../../src/settings/ingest.ts'
import { producerSettings, transportSettings } from '../../src/settings/kafka.ts'

const CONFIG = loadConfig({
  argv: ['--kafka.brokers=localhost'],
  env: {},
  readFile: (path) => {
    throw new Error(`there is no ${path}`)
  },
})

export const DEFAULT_SETTINGS = producerSettings(CONFIG)

export const DEFAULT_TRANSPORT_SETTINGS = transportSettings(CONFIG)

/** What records are allowed by a kprf without a configuration file. */
export const DEFAULT_LIMITS = ingestSettings(CONFIG)
