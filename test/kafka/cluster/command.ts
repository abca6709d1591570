/** Runs a program to its end, for the few outside tools that the Kafka for tests needs. */
import { spawn } from 'node:child_process'

/** What a program that ended well printed. */
export interface CommandOutput {
  readonly stdout: Buffer
  readonly stderr: string
}

/** What a program is given besides its arguments. */
export interface CommandOptions {
  /** Written to its standard input, which is empty by default. */
  readonly input?: Buffer
  /** Milliseconds after which it is killed. @defaultValue 120000 */
  readonly timeoutMs?: number
  /** Its folder. @defaultValue that of this process */
  readonly cwd?: string
  /** Its environment. @defaultValue that of this process */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Runs a program without a shell and resolves to its output. Rejects with the command and what it
 * said when it cannot be started, is killed or exits with anything but 0.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      timeout: options.timeoutMs ?? 120_000,
      killSignal: 'SIGKILL',
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env }),
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    // A program that ends before it has read its input closes the pipe; its exit code tells why.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input)
    child.on('error', (cause) => {
      reject(new Error(`Cannot run ${program}: ${cause.message}`, { cause }))
    })
    child.on('close', (code, signal) => {
      const output = { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }
      if (code === 0) resolve(output)
      else reject(commandFailed(program, args, code ?? signal, output))
    })
  })
}

function commandFailed(
  program: string,
  args: readonly string[],
  ending: number | string | null,
  { stdout, stderr }: CommandOutput,
): Error {
  const said = `${stdout.toString()}${stderr}`.trim().split('\n').slice(-20).join('\n')
  return new Error(`${program} ended with ${String(ending)}: ${program} ${args.join(' ')}\n${said}`)
}
