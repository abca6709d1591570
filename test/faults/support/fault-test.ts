import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import type { Clock } from '../../../src/base/clock.ts'
import { TestCluster, type TestClusterOptions } from '@kprf/embedded-broker/testing'
import { startKprf, type KprfProcess, type KprfSettings } from '../../support/kprf-process.ts'
import type { PushedRecord } from '../../support/push.ts'
import { Evidence } from './evidence.ts'
import { Proxy } from './proxy.ts'

/** A cluster, and a proxy in front of it. */
export interface Setup {
  readonly cluster: TestCluster
  readonly proxy: Proxy
}

/** `it` for tests of faults: gives each a lab that starts clusters and proxies, and closes them. */
class Lab {
  readonly evidence = new Evidence()
  readonly #closers: (() => unknown)[] = []

  /** Starts a cluster with topic `t` of three partitions, all others to be created by the test. */
  async cluster(options: TestClusterOptions = {}): Promise<TestCluster> {
    const defaults = { topics: { t: { partitions: 3 } }, autoCreateTopics: false }
    const cluster = await TestCluster.start({ ...defaults, ...options })
    this.#closers.push(() => cluster.close())
    return cluster
  }

  /** Starts a proxy. */
  async proxy(cluster: TestCluster, settings: KprfSettings = {}, clock?: Clock): Promise<Proxy> {
    const { evidence } = this
    const proxy = await Proxy.start({ cluster, settings, evidence, ...(clock && { clock }) })
    this.#closers.push(() => proxy.stop())
    return proxy
  }

  /** Starts a cluster and a proxy that has connected to it. */
  async setup(
    options: TestClusterOptions = {},
    settings: KprfSettings = {},
    clock?: Clock,
  ): Promise<Setup> {
    const cluster = await this.cluster(options)
    const proxy = await this.proxy(cluster, settings, clock)
    await proxy.logged({ msg: 'Kafka is reachable' })
    this.evidence.collected.log.length = 0
    return { cluster, proxy }
  }

  /** Starts a proxy as a process of its own. */
  async process(cluster: TestCluster, settings: KprfSettings): Promise<KprfProcess> {
    const kprf = await startKprf(cluster.bootstrap, settings)
    this.#closers.push(() => kprf.destroy())
    return kprf
  }

  /** Makes a directory for the files of a test. @returns its path. */
  directory(): string {
    const directory = mkdtempSync(join(tmpdir(), 'kprf-'))
    this.#closers.push(() => {
      rmSync(directory, { recursive: true })
    })
    return directory
  }

  /** Runs this at the end, before what was started earlier is closed. */
  atEnd(close: () => unknown): void {
    this.#closers.push(close)
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close()
  }
}

export const it = test.extend<{ lab: Lab }>({
  lab: async ({ task }, use) => {
    const lab = new Lab()
    task.meta.fault = lab.evidence.collected
    await use(lab)
    await lab.close()
  },
})

/** A record of topic `t` with this value, for partition 0 unless told otherwise. */
export function record(data: string, rest: Partial<PushedRecord> = { partition: 0 }): PushedRecord {
  return { topic: 't', data, ...rest }
}

/** The reply to a push that succeeded. */
export const OK = { status: 200, body: { status: 'ok', errors: [] } } as const

/** The reply to a push whose records all failed with this error number of librdkafka. */
export function failure(
  status: number,
  errorCode: number,
  ...errorNumbers: readonly number[]
): object {
  return {
    status,
    body: {
      status: 'error',
      error_code: errorCode,
      errors: errorNumbers.map((error_code) =>
        error_code === 0 ? { status: 'ok', error: '' } : { status: 'error', error_code },
      ),
    },
  }
}
