import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isProcessAlive } from './cluster/broker-process.ts'
import {
  isFullyRunning,
  propertiesPath,
  readState,
  removeAbandonedClusters,
  removeCluster,
  writeState,
} from './cluster/cluster-state.ts'

/** A process that is a broker by its command line, or is not. */
function startStandIn(argument: string): { readonly pid: number; kill: () => void } {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', argument])
  return { pid: child.pid ?? 0, kill: () => child.kill('SIGKILL') }
}

async function endedProcessId(): Promise<number> {
  const child = spawn(process.execPath, ['--version'])
  await new Promise((resolve) => child.once('exit', resolve))
  return child.pid ?? 0
}

describe('the record of a cluster', () => {
  let root: string
  let directory: string
  let standIn: ReturnType<typeof startStandIn> | undefined

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'cluster-state-'))
    directory = join(root, 'a')
  })

  afterEach(async () => {
    standIn?.kill()
    await rm(root, { recursive: true, force: true })
  })

  it('leads to the recorded broker, which removal ends together with its files', async () => {
    standIn = startStandIn(propertiesPath(directory, 1))
    const state = { nodes: [{ id: 1, port: 20_001, pid: standIn.pid }] }
    writeState(directory, state)

    expect(await readState(directory)).toEqual(state)
    await expect.poll(() => isFullyRunning(directory, state)).toBe(true)
    expect(await removeCluster(directory)).toBe(true)

    await expect.poll(() => isProcessAlive(standIn?.pid ?? 0)).toBe(false)
    expect(existsSync(directory)).toBe(false)
  })

  it('does not lead to another process that has the pid of a broker now', async () => {
    standIn = startStandIn('something else')
    const state = { nodes: [{ id: 1, port: 20_001, pid: standIn.pid }] }
    writeState(directory, state)

    expect(await isFullyRunning(directory, state)).toBe(false)
    await removeCluster(directory)

    expect(isProcessAlive(standIn.pid)).toBe(true)
  })

  it('says that a broker is missing when it was never started', async () => {
    expect(await isFullyRunning(directory, { nodes: [{ id: 1, port: 20_001 }] })).toBe(false)
  })

  it('lets a cluster be removed once its owner has died, and not before', async () => {
    const nodes = [{ id: 1, port: 20_001 }]
    writeState(join(root, 'abandoned'), { ownerPid: await endedProcessId(), nodes })
    writeState(join(root, 'in-use'), { ownerPid: process.pid, nodes })
    writeState(join(root, 'detached'), { nodes })

    await removeAbandonedClusters(root)

    expect(existsSync(join(root, 'abandoned'))).toBe(false)
    expect(existsSync(join(root, 'in-use'))).toBe(true)
    expect(existsSync(join(root, 'detached'))).toBe(true)
  })

  it('is asked for before a directory is removed', async () => {
    await writeFile(join(root, 'thesis.txt'), 'years of work')

    await expect(removeCluster(root)).rejects.toThrow('holds no Kafka cluster')

    expect(existsSync(join(root, 'thesis.txt'))).toBe(true)
  })
})
