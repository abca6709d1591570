/** The commit that is tested. */
import { runCommand } from '../../kafka/cluster/command.ts'
import { REPOSITORY } from './folders.ts'

/** Resolves to its hash, with which the image is built, as docs/CONTAINERS.md does it. */
export async function commit(): Promise<string> {
  const { stdout } = await runCommand('git', ['rev-parse', 'HEAD'], { cwd: REPOSITORY })
  return stdout.toString().trim()
}
