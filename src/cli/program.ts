/**
 * The main program: parses arguments, loads the configuration, runs one service until a signal, and sets the exit
 * code.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import {
  checkConfig,
  explainFile,
  parseCommand,
  printConfig,
  versionText,
  type TailOptions,
} from './cli.ts'
import { completionScript } from './completion.ts'
import { helpText } from './help.ts'
import { systemClock } from '../base/clock.ts'
import { EXIT_CODES } from '../base/exit-codes.ts'
import { loadConfig } from '../config/load.ts'
import { secretsOf } from '../config/secrets.ts'
import type { Config } from '../config/types.ts'
import { ProxyError } from '../base/errors.ts'
import { transportSettings } from '../settings/kafka.ts'
import { firstScreen, startEmbeddedBroker } from './quickstart.ts'
import type { Addresses } from '../service/announce.ts'
import type { Logger } from '../telemetry/logging.ts'
import { maskerOf } from '../base/quotable.ts'
import { Service } from '../service/service.ts'
import { tail } from './tail.ts'
import { readBuildInfo } from '../base/build-info.ts'
import { forkWorker, isWorker } from '../workers/cluster.ts'
import { Primary } from '../workers/primary.ts'
import { runWorker } from '../workers/run-worker.ts'

const argv = process.argv.slice(2)
const build = readBuildInfo(process.env)
const sources = {
  argv,
  env: process.env,
  readFile: (path: string): string => readFileSync(path, 'utf8'),
}

/** Prints, and sets the exit code for when the output is written. */
function print(text: string, exitCode: number): void {
  const stream = exitCode === EXIT_CODES.ok ? process.stdout : process.stderr
  stream.write(text)
  process.exitCode = exitCode
}

/** What serves pushes: one process, or the primary of several. */
interface Server {
  readonly logger: Logger
  start(): Promise<Addresses>
  stop(reason: string): Promise<number>
  abort(): Promise<void>
  reopenLog(): void
  restart(load: () => Config): Promise<void>
}

/** Called once pushes are accepted. */
type StartListener = (server: Server, addresses: Addresses) => void

/** Serves on an embedded broker, which lives as long as the service. */
async function serveEmbedded(): Promise<number> {
  const cluster = await startEmbeddedBroker()
  const brokers = cluster.bootstrap.split(',')
  const load = (): Config => {
    const config = loadConfig(sources)
    return { ...config, kafka: { ...config.kafka, brokers } }
  }
  try {
    return await serve(load, ({ logger }, addresses) => {
      logger.warn('EMBEDDED BROKER: for development only, records are lost when kprf stops')
      process.stderr.write(firstScreen(cluster.bootstrap, addresses))
    })
  } finally {
    await cluster.close()
  }
}

function makeServer(config: Config): Server {
  const workers = config.workers === 'auto' ? availableParallelism() : config.workers
  return workers === 1
    ? new Service({ config, clock: systemClock, random: Math.random, build })
    : new Primary({ config, workers, clock: systemClock, fork: forkWorker })
}

/** Serves until SIGTERM or SIGINT, and returns the exit code. */
async function serve(load: () => Config, onStart?: StartListener): Promise<number> {
  const server = makeServer(load())
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
    })
    .on('SIGUSR2', () => {
      void server.restart(load)
    })
    .on('uncaughtException', stopAfterBug)
  const addresses = await started
  onStart?.(server, addresses)
  return await stopped
}

/** Prints a topic until SIGTERM or SIGINT. */
async function runTail(options: TailOptions): Promise<void> {
  // kafkajs's consumer sets timers with negative delays, and Node.js would warn about them (kafkajs issue 1751).
  process.removeAllListeners('warning')
  const config = loadConfig(sources)
  const mask = maskerOf(secretsOf(config))
  const running = await tail(options, transportSettings(config), {
    print: (line) => process.stdout.write(`${line}\n`),
    report: (line) => process.stderr.write(`${mask(line)}\n`),
  }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    print(`cannot tail ${options.topic}: ${mask(reason)}\n`, EXIT_CODES.failed)
    return undefined
  })
  if (!running) return
  const stop = (): void => {
    void running.stop().finally(() => process.exit())
  }
  process.once('SIGTERM', stop).once('SIGINT', stop)
}

async function main(): Promise<void> {
  if (isWorker) process.exit(await runWorker(build))
  const command = parseCommand(argv)
  switch (command.kind) {
    case 'help':
      print(helpText(command.of), EXIT_CODES.ok)
      break
    case 'completion':
      print(completionScript(command.shell), EXIT_CODES.ok)
      break
    case 'version':
      print(versionText(build), EXIT_CODES.ok)
      break
    case 'check': {
      const { text, exitCode } = checkConfig(sources)
      print(text, exitCode)
      break
    }
    case 'print': {
      const { text, exitCode } = printConfig(sources)
      print(text, exitCode)
      break
    }
    case 'explain': {
      const { text, exitCode } = explainFile(command.file, sources)
      process.stdout.write(text)
      process.exitCode = exitCode
      break
    }
    case 'unknown':
      print(`${command.message}\n`, EXIT_CODES.usage)
      break
    case 'tail':
      await runTail(command)
      break
    case 'run':
      process.exit(
        await (command.isBrokerEmbedded ? serveEmbedded() : serve(() => loadConfig(sources))),
      )
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof ProxyError && error.code === 'CONFIG_INVALID')) throw error
  print(`${error.message}\n`, EXIT_CODES.config)
}
