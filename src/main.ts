#!/usr/bin/env node
/** The process: arguments, then configuration, then one service until a signal; exit codes. */
import { readFileSync } from 'node:fs'
import { checkConfig, EXIT_CODES, helpText, parseCommand, printConfig, versionText } from './cli.ts'
import { systemClock } from './clock.ts'
import { loadConfig } from './config/load.ts'
import { ProxyError } from './errors.ts'
import { Service } from './service.ts'
import { readBuildInfo } from './version.ts'

const argv = process.argv.slice(2)
const build = readBuildInfo(process.env)
const sources = {
  argv,
  env: process.env,
  readFile: (path: string): string => readFileSync(path, 'utf8'),
}

/** Prints and leaves the exit code for when the output is written. */
function print(text: string, exitCode: number): void {
  const stream = exitCode === EXIT_CODES.ok ? process.stdout : process.stderr
  stream.write(text)
  process.exitCode = exitCode
}

/** Serves until SIGTERM or SIGINT, and returns the exit code. */
async function serve(): Promise<number> {
  const config = loadConfig(sources)
  const service = new Service({ config, clock: systemClock, random: Math.random, build })
  const { promise: stopped, resolve, reject } = Promise.withResolvers<number>()
  let isStopping = false
  const stop = (reason: string, exitCode: number): void => {
    if (isStopping) {
      void service.abort()
      return
    }
    isStopping = true
    service.stop(reason).then((lost) => {
      resolve(lost > 0 ? EXIT_CODES.failed : exitCode)
    }, reject)
  }
  const stopAfterBug = (error: unknown): void => {
    service.logger.error('a bug in kprf; stopping', { error })
    stop('bug', EXIT_CODES.failed)
  }
  await service.start()
  process
    .on('SIGTERM', (signal) => {
      stop(signal, EXIT_CODES.ok)
    })
    .on('SIGINT', (signal) => {
      stop(signal, EXIT_CODES.ok)
    })
    .on('SIGHUP', () => {
      service.reopenLog()
    })
    .on('uncaughtException', stopAfterBug)
  return await stopped
}

async function main(): Promise<void> {
  const command = parseCommand(argv)
  switch (command.kind) {
    case 'help':
      print(helpText(), EXIT_CODES.ok)
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
    case 'unknown':
      print(`${command.complaint}\n`, EXIT_CODES.usage)
      break
    case 'run':
      process.exit(await serve())
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof ProxyError && error.code === 'CONFIG_INVALID')) throw error
  print(`${error.message}\n`, EXIT_CODES.config)
}
