/**
 * The jars of Apache Kafka: fetched by Maven once per content of pom.xml, then taken from
 * .kafka/lib. The directory appears under its name only when it is complete, so that neither an
 * interrupted fetch nor two at the same time leave half a Kafka behind.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { kafkaDirectory } from './paths.ts'
import { requireTool } from './tools.ts'

/** What is needed to start a Java program of Kafka. */
export interface Distribution {
  /** The `java` program, version 17 or newer. */
  readonly java: string
  /** Kafka's jars, as Java takes them. */
  readonly classPath: string
}

/** A cold fetch takes seconds near a registry; a slow network may need minutes. */
const fetchTimeoutMs = 600_000

const pomPath = join(import.meta.dirname, 'pom.xml')

/**
 * Resolves to the jars, fetching them when they are not there yet. `report` is told in one line
 * before anything is fetched. Rejects with `ToolMissing` without Java 17, or without Maven when a
 * fetch is needed.
 */
export async function prepareDistribution(report: (line: string) => void): Promise<Distribution> {
  const java = await requireTool('java')
  const pomHash = createHash('sha256')
    .update(await readFile(pomPath))
    .digest('hex')
  const directory = join(kafkaDirectory, 'lib', pomHash.slice(0, 12))
  if (!existsSync(directory)) await fetchJars(directory, report)
  return { java, classPath: join(directory, '*') }
}

async function fetchJars(directory: string, report: (line: string) => void): Promise<void> {
  const maven = await requireTool('mvn')
  report('fetching Apache Kafka with Maven, once')
  await publish(directory, async (partial) => {
    await runCommand(maven, mavenArguments(partial), { timeoutMs: fetchTimeoutMs })
  })
}

function mavenArguments(outputDirectory: string): readonly string[] {
  return [
    '--quiet',
    '--batch-mode',
    `--file=${pomPath}`,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${outputDirectory}`,
  ]
}

/**
 * Lets `fill` write a directory beside its final place and moves it there when `fill` is done.
 * When another process was faster, that one's stays.
 */
async function publish(directory: string, fill: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${directory}.partial-${process.pid}`
  await mkdir(partial, { recursive: true })
  try {
    await fill(partial)
    await rename(partial, directory)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    if (!existsSync(directory)) throw error
  }
}
