/** Serves until a signal: one process or several, with an embedded broker or without. */
import { availableParallelism } from 'node:os'
import { systemClock } from '../base/clock.ts'
import type { BuildInfo } from '../base/build-info.ts'
import { ProxyError } from '../base/errors.ts'
import { EXIT_CODES } from '../base/exit-codes.ts'
import type { RecordsSource } from '../base/seen-records.ts'
import { loadConfig } from '../config/load.ts'
import type { ConfigSources } from '../config/resolve.ts'
import type { Config } from '../config/types.ts'
import { OperationsThread } from '../operations/thread/operations-thread.ts'
import type { Addresses } from '../service/announce.ts'
import { warnOfLeftLogs } from '../service/left-logs.ts'
import type { Logger } from '../telemetry/logging.ts'
import { forkWorker } from '../workers/cluster.ts'
import { EmbeddedRecords } from './embedded-records.ts'
import { firstScreen, startEmbeddedBroker } from './quickstart.ts'

/** What serves pushes: one process, or the primary of several. */
interface Server {
  readonly logger: Logger
  start(): Promise<Addresses>
  stop(reason: string): Promise<number>
  abort(): Promise<void>
  reopenLog(): void
  reload(load: () => Config): void
  restart(load: () => Config): Promise<void>
}

/** What an embedded broker adds. */
interface EmbeddedExtras {
  /** Its records, for the page. */
  readonly records: RecordsSource
  /** Called once pushes are accepted. */
  readonly onStart: (server: Server, addresses: Addresses, config: Config) => void
}

/** Serves on an embedded broker, which lives as long as the service. */
export async function serveEmbedded(sources: ConfigSources, build: BuildInfo): Promise<number> {
  const cluster = await startEmbeddedBroker()
  const brokers = cluster.bootstrap.split(',')
  const load = (): Config => {
    const config = loadConfig(sources)
    return { ...config, kafka: { ...config.kafka, brokers } }
  }
  try {
    return await serve(load, build, {
      records: new EmbeddedRecords(cluster),
      onStart: ({ logger }, addresses, { http }) => {
        logger.warn('EMBEDDED BROKER: for development only, records are lost when kprf stops')
        process.stderr.write(firstScreen(cluster.bootstrap, addresses, http))
      },
    })
  } finally {
    await cluster.close()
  }
}

async function makeServer(
  config: Config,
  build: BuildInfo,
  records?: RecordsSource,
): Promise<Server> {
  const workers = config.workers === 'auto' ? availableParallelism() : config.workers
  const common = { config, clock: systemClock, build, records }
  if (workers > 1) {
    const { Primary } = await import('../workers/primary.ts')
    return new Primary({ ...common, workers, fork: forkWorker })
  }
  // Loads its code while this thread loads that of the service.
  const operationsThread = new OperationsThread()
  try {
    const { Service } = await import('../service/service.ts')
    return new Service({ ...common, random: Math.random, operationsThread })
  } catch (error) {
    await operationsThread.abandon()
    throw error
  }
}

/** Serves until SIGTERM or SIGINT, and returns the exit code. */
export async function serve(
  load: () => Config,
  build: BuildInfo,
  embedded?: EmbeddedExtras,
): Promise<number> {
  const config = load()
  const server = await makeServer(config, build, embedded?.records)
  server.logger.info('starting kprf', {
    ...{ version: build.version, commit: build.commitHash },
    ...{ node: process.versions.node, pid: process.pid },
  })
  const { promise: stopped, resolve, reject } = Promise.withResolvers<number>()
  let isStopping = false
  const stop = (reason: string, exitCode: number): void => {
    if (isStopping) {
      void server.abort()
      return
    }
    isStopping = true
    started
      .then(() => server.stop(reason))
      .then((lost) => {
        resolve(lost > 0 ? EXIT_CODES.failed : exitCode)
      }, reject)
  }
  const stopAfterBug = (error: unknown): void => {
    server.logger.error('a bug in kprf; stopping', { error })
    stop('bug', EXIT_CODES.failed)
  }
  const started = server.start()
  process
    .on('SIGTERM', (signal) => {
      stop(signal, EXIT_CODES.ok)
    })
    .on('SIGINT', (signal) => {
      stop(signal, EXIT_CODES.ok)
    })
    .on('SIGHUP', () => {
      server.reopenLog()
      server.reload(load)
    })
    .on('SIGUSR2', () => {
      void server.restart(load)
    })
    .on('uncaughtException', stopAfterBug)
  const addresses = await started.catch((error: unknown) => {
    // The log has said why it has not started.
    if (!(error instanceof ProxyError)) return undefined
    throw error
  })
  if (addresses === undefined) return EXIT_CODES.failed
  embedded?.onStart(server, addresses, config)
  // Not awaited: a disk that does not answer must not keep kprf from stopping.
  void warnOfLeftLogs(server.logger, config)
  return await stopped
}
