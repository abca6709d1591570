/** Removes what an engine of the tests leaves: mounts, a network, files; and all of it of runs that died. */
import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../../kafka/cluster/command.ts'
import { until } from '../../support/until.ts'
import { addressOf, removeContainers } from './docker.ts'
import { ownerOf, runFolder } from './folders.ts'
import { removeNetwork } from './network.ts'

/** Ends the engines of runs that died, and removes what they left. */
export async function removeRemainsOfDeadRuns(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = ownerOf(name)
    if (owner === undefined || isRunning(owner)) continue
    await endEngine(runFolder(owner))
    await removeWhatRemains(owner)
  }
}

/** Removes the mounts, the network and the folder of the run of a process. */
export async function removeWhatRemains(pid: number): Promise<void> {
  const folder = runFolder(pid)
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
  // The inner ones come later.
  for (const path of mounts.reverse()) await runCommand('umount', [path])
  await removeNetwork(pid)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** The engine of a run that died goes on without it. A process that is not that engine is left alone. */
async function endEngine(folder: string): Promise<void> {
  const pidFile = join(folder, 'engine.pid')
  if (!existsSync(pidFile)) return
  const pid = Number(await readFile(pidFile, 'utf8'))
  const commandLine = `/proc/${pid}/cmdline`
  if (!existsSync(commandLine)) return
  if (!(await readFile(commandLine, 'utf8')).includes(`--data-root=${folder}/`)) return
  await removeContainers(addressOf(folder))
  process.kill(pid, 'SIGTERM')
  await until(`the end of dockerd ${pid}`, 60_000, () => (isRunning(pid) ? undefined : true))
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
