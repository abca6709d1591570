/**
 * What a cluster leaves on disk about itself, so that another process can find, stop and clean it:
 * `cluster.json` in the cluster's directory, written before the first broker starts and again
 * whenever a process id changes.
 */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { endBroker, isBrokerRunning, isProcessAlive } from './broker-process.ts'

/** One node of a recorded cluster. */
export interface NodeState {
  readonly id: number
  readonly port: number
  /** Of the last process started for this node; undefined before the first. */
  readonly pid?: number | undefined
}

/** A recorded cluster. */
export interface ClusterState {
  /** The process that uses the cluster and will stop it; undefined when it is to outlive it. */
  readonly ownerPid?: number | undefined
  readonly nodes: readonly NodeState[]
}

const stateFileName = 'cluster.json'

/** Where a node of a cluster keeps its settings. */
export function propertiesPath(clusterDirectory: string, id: number): string {
  return join(nodeDirectory(clusterDirectory, id), 'server.properties')
}

/** Where a node of a cluster keeps its settings, log and data. */
export function nodeDirectory(clusterDirectory: string, id: number): string {
  return join(clusterDirectory, `broker-${id}`)
}

/** Resolves to what a cluster's directory records; undefined when there is no (readable) record. */
export async function readState(directory: string): Promise<ClusterState | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, stateFileName), 'utf8')) as ClusterState
  } catch {
    return undefined
  }
}

/**
 * Records a cluster; a reader sees the former record or this one, never a part. Synchronous, so
 * that of two records the later one stays.
 */
export function writeState(directory: string, state: ClusterState): void {
  const path = join(directory, stateFileName)
  mkdirSync(directory, { recursive: true })
  writeFileSync(`${path}.new`, `${JSON.stringify(state, undefined, 2)}\n`)
  renameSync(`${path}.new`, path)
}

/** Resolves to whether every broker of a recorded cluster is running. */
export async function isFullyRunning(directory: string, state: ClusterState): Promise<boolean> {
  const running = await Promise.all(brokerMarks(directory, state).map(isBrokerRunning))
  return running.length === state.nodes.length && running.every(Boolean)
}

/**
 * Ends the brokers that a directory records and removes it with all data. Resolves to whether
 * there was a cluster. Refuses a directory that holds other things than a cluster.
 */
export async function removeCluster(directory: string): Promise<boolean> {
  const state = await readState(directory)
  if (state === undefined) {
    if (existsSync(directory) && (await readdir(directory)).length > 0) {
      throw new Error(`${directory} holds no Kafka cluster: not touching it`)
    }
    return false
  }
  await Promise.all(brokerMarks(directory, state).map(endBroker))
  // Retries: another process may be removing the same abandoned cluster.
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  return true
}

/** Removes every cluster below `root` whose owner has died without stopping it. */
export async function removeAbandonedClusters(root: string): Promise<void> {
  if (!existsSync(root)) return
  const directories = (await readdir(root)).map((name) => join(root, name))
  await Promise.all(
    directories.map(async (directory) => {
      const ownerPid = (await readState(directory))?.ownerPid
      if (ownerPid !== undefined && !isProcessAlive(ownerPid)) await removeCluster(directory)
    }),
  )
}

function brokerMarks(
  directory: string,
  { nodes }: ClusterState,
): { pid: number; propertiesPath: string }[] {
  return nodes.flatMap(({ id, pid }) =>
    pid === undefined ? [] : [{ pid, propertiesPath: propertiesPath(directory, id) }],
  )
}
