import { Worker } from 'node:worker_threads'
import type { Clock } from '../../base/clock.ts'
import { ProxyError } from '../../base/errors.ts'
import { ownModule } from '../../base/own-files.ts'
import type { TokenEntry } from '../../http/access/token-table.ts'
import type { ServerTls } from '../../http/tls/server-tls.ts'
import type { Logger } from '../../telemetry/logging.ts'
import type { ThreadSources } from '../app.ts'
import { CLOSE_GRACE_MS } from '../close-grace.ts'
import { logFailure } from '../failure.ts'
import type { Answer, ToMain, Topic, ToThread } from './messages.ts'

/** What an {@link OperationsThread} serves, and which tokens it requires. */
export interface ThreadDependencies {
  readonly sources: ThreadSources
  /** Who may read metrics and statistics. @defaultValue everybody */
  readonly tokens?: readonly TokenEntry[]
  /** @defaultValue plain HTTP */
  readonly tls?: ServerTls | undefined
  readonly clock: Clock
  readonly logger: Logger
}

const ENTRY = ownModule('operations/thread/entry')

/**
 * Twelve times the memory that the thread needs to pass on a megabyte of metrics. If Node.js is started with
 * `--max-old-space-size`, that limit applies instead, to each thread.
 */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 }

/** Additional time that the thread gets to end after its replies, ms, before it is terminated. */
const END_GRACE_MS = 1_000

/**
 * One thread of the operations port, from its start to its end, as the main thread sees it. It begins to load its code
 * at once.
 */
export class OperationsThread {
  /** Resolves to the reason if it ended by itself; to `undefined` if it was asked to end. */
  readonly ended: Promise<unknown>
  readonly #worker: Worker
  #dependencies: ThreadDependencies | undefined
  readonly #port = Promise.withResolvers<number>()
  #isToEnd = false

  /** @param entry - the script of the thread. */
  constructor(entry: URL = ENTRY) {
    this.#worker = new Worker(entry, { name: 'operations', resourceLimits: RESOURCE_LIMITS })
    this.#worker.on('message', (message: ToMain) => {
      this.#handle(message)
    })
    // It may end before anybody waits for it to listen.
    this.#port.promise.catch(() => undefined)
    this.ended = this.#end()
  }

  /**
   * Makes it serve. To be called once.
   *
   * @param port - 0 takes a free one.
   * @returns its port. Rejects if it cannot listen, or ends before it does.
   */
  listen(host: string, port: number, dependencies: ThreadDependencies): Promise<number> {
    this.#dependencies = dependencies
    const { sources, tokens = [], tls } = dependencies
    const { contentType } = sources.metrics
    const { identity } = sources.live
    this.#tell({ kind: 'listen', host, port, contentType, tokens, identity, tls })
    return this.#port.promise
  }

  /** Uses this certificate and key for new connections. */
  renewTls(tls: ServerTls): void {
    this.#tell({ kind: 'renewTls', tls })
  }

  /** Requires one of these tokens for metrics and statistics from now on. */
  useTokens(tokens: readonly TokenEntry[]): void {
    this.#tell({ kind: 'useTokens', tokens })
  }

  /** Waits for replies in progress, for a limited time, and ends. */
  async close(): Promise<void> {
    this.#isToEnd = true
    this.#tell({ kind: 'close' })
    const cancelTimer = this.#dependencies?.clock.schedule(CLOSE_GRACE_MS + END_GRACE_MS, () => {
      void this.#worker.terminate()
    })
    await this.ended
    cancelTimer?.()
  }

  /** Ends it at once. To be called if it is never to listen: it would keep the process from ending. */
  async abandon(): Promise<void> {
    this.#isToEnd = true
    await this.#worker.terminate()
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  #handle(message: ToMain): void {
    switch (message.kind) {
      case 'listening':
        this.#port.resolve(message.port)
        break
      case 'refused':
        this.#isToEnd = true
        this.#port.reject(new ProxyError('CONFIG_INVALID', message.message))
        break
      case 'ask':
        if (this.#dependencies) void this.#answer(message.topic, this.#dependencies)
        break
      case 'line': {
        const [level, msg, fields] = message.line
        this.#dependencies?.logger[level](msg, fields)
      }
    }
  }

  async #answer(topic: Topic, { sources, logger }: ThreadDependencies): Promise<void> {
    try {
      this.#tell(await this.#read(topic, sources))
    } catch (error) {
      logFailure(logger, error)
      this.#tell({ kind: 'failed', topic })
    }
  }

  async #read(
    topic: Topic,
    { metrics, statistics, readiness, live }: ThreadSources,
  ): Promise<Answer> {
    switch (topic) {
      case 'metrics':
        return { kind: 'answer', topic, value: await metrics.exposition() }
      case 'statistics':
        return { kind: 'answer', topic, value: await statistics.json() }
      case 'readiness':
        return { kind: 'answer', topic, value: await readiness.results() }
      case 'live':
        return { kind: 'answer', topic, value: await live.take() }
      case 'turn':
        return { kind: 'answer', topic, value: undefined }
    }
  }

  #end(): Promise<unknown> {
    return new Promise((resolve) => {
      let reason: unknown
      this.#worker
        .once('error', (error) => {
          reason = error
        })
        .once('exit', (code) => {
          reason ??= new Error(`it ended with code ${code}`)
          this.#port.reject(reason)
          resolve(this.#isToEnd ? undefined : reason)
        })
    })
  }
}
