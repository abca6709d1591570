/** A connection for each request, as php-fpm makes it. */
import type { Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { pushBody } from '../support/run.ts'
import { startBare, startKprf } from '../support/server.ts'
import { assertStored, compare, requestsOf } from './compared.ts'

const MIN_SHARE = 0.6

/** Requests a second, each on its own connection, relative to bare HTTP. */
export const connectionPerRequest: Measure = async (options) => {
  const broker = await Broker.start({ short: 4 })
  const bare = await startBare()
  const kprf = await startKprf(broker.bootstrap)
  try {
    const load = {
      ...{ bodies: [pushBody('short', { bytes: 4_096 })], connections: 32 },
      isConnectionPerRequest: true,
    }
    const [ofBare, ofKprf] = await compare([bare, kprf], load, options)
    if (!ofBare || !ofKprf) throw new Error('a server was left out')
    await assertStored(broker, 'short', requestsOf(ofKprf))
    const share = ofKprf.requestsPerSecond.median / ofBare.requestsPerSecond.median
    return [
      {
        name: 'a new connection per request',
        measured: `${ofKprf.requestsPerSecond.median.toFixed(0)} a second, bare node:http ${ofBare.requestsPerSecond.median.toFixed(0)}: ${(share * 100).toFixed(0)} %; CPU ${ofKprf.cpuPerRequestUs.median.toFixed(1)} against ${ofBare.cpuPerRequestUs.median.toFixed(1)} µs`,
        target: `>= ${MIN_SHARE * 100} % of bare node:http doing the same`,
        isReached: share >= MIN_SHARE,
        values: {
          rate: ofKprf.requestsPerSecond.median,
          bareRate: ofBare.requestsPerSecond.median,
          share,
        },
      },
    ]
  } finally {
    await Promise.all([bare.stop(), kprf.stop()])
    await broker.stop()
  }
}
