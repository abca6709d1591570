/** The outside programs that the Kafka tests need: where they are, and what to say when not. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { runCommand } from './command.ts'

/** A program that the Kafka tests run. */
export type Tool = 'java' | 'mvn' | 'kcat' | 'openssl'

/** What each program is for, and the Debian package that has it. */
const tools = {
  java: { package: 'openjdk-17-jre-headless', purpose: 'runs Kafka' },
  mvn: { package: 'maven', purpose: 'fetches the jars of Kafka, once' },
  kcat: { package: 'kcat', purpose: 'reads back what a topic holds' },
  openssl: { package: 'openssl', purpose: 'makes certificates for brokers and clients' },
} as const satisfies Record<Tool, { readonly package: string; readonly purpose: string }>

/** Brokers of Kafka 4 need this version. */
const oldestJava = 17

/** Says in one line that a program is needed and is not there. */
class ToolMissing extends Error {
  constructor(tool: Tool, found = 'not found') {
    const { package: name, purpose } = tools[tool]
    super(`${tool} ${found}: it ${purpose} (Debian: apt-get install ${name})`)
  }
}

/** Resolves to the path of a program. Rejects with {@link ToolMissing} when it is not there. */
export async function requireTool(tool: Tool): Promise<string> {
  const path = await findTool(tool)
  if (path === undefined) throw new ToolMissing(tool)
  if (tool === 'java') await checkJavaVersion(path)
  return path
}

/** Resolves to one line for each program that is missing or too old. */
export async function diagnose(): Promise<readonly string[]> {
  const names: readonly Tool[] = ['java', 'mvn', 'kcat', 'openssl']
  const results = await Promise.allSettled(names.map(requireTool))
  return results.flatMap((result) =>
    result.status === 'rejected' ? [String(result.reason.message)] : [],
  )
}

async function findTool(tool: Tool): Promise<string | undefined> {
  const javaHome = process.env['JAVA_HOME']
  const directories = (process.env['PATH'] ?? '').split(delimiter)
  if (javaHome !== undefined) directories.unshift(join(javaHome, 'bin'))
  for (const directory of directories) {
    const path = join(directory, tool)
    if (await isExecutable(path)) return path
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function checkJavaVersion(java: string): Promise<void> {
  const { stderr } = await runCommand(java, ['-version'])
  const version = Number(/version "(\d+)/.exec(stderr)?.[1])
  if (!(version >= oldestJava)) {
    throw new ToolMissing('java', `is older than ${oldestJava} (${stderr.split('\n', 1)[0] ?? ''})`)
  }
}
