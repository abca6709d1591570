/** Runs the commands on write-ahead logs with the streams of the process. */
import { createInterface } from 'node:readline/promises'
import { isatty } from 'node:tty'
import { systemClock } from '../../base/clock.ts'
import { EXIT_CODES } from '../../base/exit-codes.ts'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/types.ts'
import type { ConfigSources } from '../../config/resolve.ts'
import { ingestSettings } from '../../settings/ingest.ts'
import { codeOf } from '../../wal/storage.ts'
import type { StorageCommand } from '../storage-commands.ts'
import { type CommandOutput, runCommand } from './command.ts'
import { dropLetters, listLetters, replayLetters, type ReplayProducer } from './dead-letters.ts'
import { openProducer } from './open-producer.ts'
import { inspect, verify } from './inspect.ts'
import { repair } from './repair.ts'

/** Runs a command. @returns the exit code. */
export function runStorageCommand(
  command: StorageCommand,
  sources: ConfigSources,
): Promise<number> {
  const output = processOutput()
  const load = (): Config =>
    loadConfig(sources, command.kind === 'dead-letters replay' ? 'kafka' : 'local')
  const configuredFolder = (): string => load().wal.dir
  return runCommand(output, async () => {
    switch (command.kind) {
      case 'wal inspect':
        return inspect(command.folder ?? configuredFolder(), command.isJson, output)
      case 'wal verify':
        return verify(command.folder ?? configuredFolder(), command.isJson, output)
      case 'dead-letters list':
        return listLetters(configuredFolder(), command, output)
      case 'dead-letters drop':
        return dropLetters(configuredFolder(), command, output)
      case 'dead-letters replay': {
        const config = load()
        const open = (report: (line: string) => void): ReplayProducer =>
          replayProducer(config, report)
        return replayLetters(config.wal.dir, command.selection, open, output)
      }
      case 'wal repair':
        return repair(command.folder ?? configuredFolder(), command.isDryRun, output)
    }
  })
}

function replayProducer(config: Config, report: (line: string) => void): ReplayProducer {
  const producer = openProducer(config, report)
  const { deliveryTimeoutMs } = ingestSettings(config)
  return { producer, deliveryTimeoutMs, close: () => producer.close() }
}

function processOutput(): CommandOutput {
  const { stdout, stderr } = process
  stdout.on('error', (error) => {
    // Whoever read the results has seen enough of them.
    if (codeOf(error) === 'EPIPE') process.exit(EXIT_CODES.ok)
    throw error
  })
  return {
    clock: systemClock,
    stderr,
    print: (line) =>
      stdout.write(`${line}\n`)
        ? undefined
        : new Promise((resolve) => {
            stdout.once('drain', resolve)
          }),
    async confirm(question) {
      if (!isatty(0)) return undefined
      const lines = createInterface({ input: process.stdin, output: stderr })
      const answer = await lines.question(`${question} [y/N] `)
      lines.close()
      return /^y(es)?$/i.test(answer.trim())
    },
  }
}
