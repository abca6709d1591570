import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../base/clock.ts'
import { ProxyError } from '../../base/errors.ts'
import type { Logger } from '../../telemetry/logging.ts'
import { logFailure, type OperationsSources } from '../app.ts'
import { CLOSE_GRACE_MS } from '../server.ts'
import type { Answer, ToMain, Topic, ToThread } from './messages.ts'

/** What a thread works with. */
export interface ThreadDependencies {
  readonly sources: OperationsSources
  readonly clock: Clock
  readonly logger: Logger
  /** What runs in the thread. @defaultValue entry.ts */
  readonly entry?: URL
}

/** `.ts` where Node.js runs the sources, `.js` where they were compiled. */
const ENTRY = new URL(`entry${extname(import.meta.url)}`, import.meta.url)

/**
 * A dozen times what the thread needs to pass metrics of a megabyte on. Where Node.js is started with
 * `--max-old-space-size`, that bound holds instead, for each thread.
 */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 }

/** How much longer than its replies under way may take the thread gets to end, ms, before it is ended. */
const END_GRACE_MS = 1_000

/** One thread of the operations port as the main thread sees it, from its start to its end. */
export class OperationsThread {
  /** Resolves to its port. Rejects when it cannot listen, or ends before it does. */
  readonly listening: Promise<number>
  /** Resolves to why it ended by itself; to `undefined` where it was to end. */
  readonly ended: Promise<unknown>
  readonly #worker: Worker
  readonly #sources: OperationsSources
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #port = Promise.withResolvers<number>()
  #isToEnd = false

  /** @param port - 0 takes any that is free. */
  constructor(
    host: string,
    port: number,
    { sources, clock, logger, entry = ENTRY }: ThreadDependencies,
  ) {
    this.#sources = sources
    this.#clock = clock
    this.#logger = logger
    this.#worker = new Worker(entry, { name: 'operations', resourceLimits: RESOURCE_LIMITS })
    this.#worker.on('message', (message: ToMain) => {
      this.#handle(message)
    })
    this.listening = this.#port.promise
    this.ended = this.#end()
    const { contentType } = sources.metrics
    this.#tell({ kind: 'listen', host, port, contentType })
  }

  /** Lets replies under way finish, for a bounded time, and ends. */
  async close(): Promise<void> {
    this.#isToEnd = true
    this.#tell({ kind: 'close' })
    const cancelTimer = this.#clock.schedule(CLOSE_GRACE_MS + END_GRACE_MS, () => {
      void this.#worker.terminate()
    })
    await this.ended
    cancelTimer()
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
        void this.#answer(message.topic)
        break
      case 'line': {
        const [level, msg, fields] = message.line
        this.#logger[level](msg, fields)
      }
    }
  }

  async #answer(topic: Topic): Promise<void> {
    try {
      this.#tell(await this.#read(topic))
    } catch (error) {
      logFailure(this.#logger, error)
      this.#tell({ kind: 'failed', topic })
    }
  }

  async #read(topic: Topic): Promise<Answer> {
    const { metrics, statistics, readiness } = this.#sources
    switch (topic) {
      case 'metrics':
        return { kind: 'answer', topic, value: await metrics.exposition() }
      case 'statistics':
        return { kind: 'answer', topic, value: await statistics.json() }
      case 'readiness':
        return { kind: 'answer', topic, value: await readiness.results() }
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
