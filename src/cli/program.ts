/**
 * The main program: parses arguments, runs the command, and sets the exit code. It loads only what the command needs:
 * `kprf health` is run every few seconds.
 */
import { readFileSync } from 'node:fs'
import {
  checkConfig,
  explainFile,
  parseCommand,
  printConfig,
  versionText,
  type TailOptions,
} from './cli.ts'
import { completionScript } from './completion.ts'
import { askHealth } from './health.ts'
import { helpText } from './help.ts'
import { EXIT_CODES } from '../base/exit-codes.ts'
import { loadConfig } from '../config/load.ts'
import { secretsOf } from '../config/secrets.ts'
import { ProxyError } from '../base/errors.ts'
import { transportSettings } from '../settings/kafka.ts'
import { maskerOf } from '../base/quotable.ts'
import { readBuildInfo } from '../base/build-info.ts'
import { isWorker } from '../workers/cluster.ts'

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

/** Prints a topic until SIGTERM or SIGINT. */
async function runTail(options: TailOptions): Promise<void> {
  // kafkajs's consumer sets timers with negative delays, and Node.js would warn about them (kafkajs issue 1751).
  process.removeAllListeners('warning')
  const { tail } = await import('./tail.ts')
  const config = loadConfig(sources, 'kafka')
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
  if (isWorker) {
    const { runWorker } = await import('../workers/run-worker.ts')
    process.exit(await runWorker(build))
  }
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
    case 'newToken':
    case 'hashToken': {
      const { newToken, hashToken } = await import('./token.ts')
      const { stdout, stderr, exitCode } =
        command.kind === 'newToken'
          ? newToken(command.principal)
          : hashToken(readFileSync(process.stdin.fd, 'utf8'))
      process.stdout.write(stdout)
      process.stderr.write(stderr)
      process.exitCode = exitCode
      break
    }
    case 'unknown':
      print(`${command.message}\n`, EXIT_CODES.usage)
      break
    case 'tail':
      await runTail(command)
      break
    case 'health': {
      const { text, exitCode } = await askHealth(loadConfig(sources, 'local'), command.isReadiness)
      print(text, exitCode)
      break
    }
    case 'doctor': {
      const { runDoctor } = await import('./doctor/run.ts')
      process.exit(await runDoctor(command, sources, build))
      break
    }
    case 'wal inspect':
    case 'wal verify':
    case 'wal repair':
    case 'dead-letters list':
    case 'dead-letters replay':
    case 'dead-letters drop': {
      const { runStorageCommand } = await import('./wal/run.ts')
      process.exitCode = await runStorageCommand(command, sources)
      break
    }
    case 'run': {
      const { serve, serveEmbedded } = await import('./serve.ts')
      process.exit(
        await (command.isBrokerEmbedded
          ? serveEmbedded(sources, build)
          : serve(() => loadConfig(sources), build)),
      )
    }
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof ProxyError && error.code === 'CONFIG_INVALID')) throw error
  print(`${error.message}\n`, EXIT_CODES.config)
}
