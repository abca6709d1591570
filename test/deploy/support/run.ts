import { spawn } from 'node:child_process'

/** The result of a command. */
export interface Outcome {
  /** Null if a signal ended it. */
  readonly exitCode: number | null
  /** Standard output, then standard error. */
  readonly output: string
}

/** Options of {@link run}. */
export interface RunOptions {
  readonly cwd?: string
  /** @defaultValue that of this process */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Runs a command to its end. @throws Error if it cannot be started. */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env = process.env }: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text))
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject).once('close', resolve)
  return { exitCode: await promise, output: texts.out + texts.err }
}
