/** {@link EmbeddedCluster} for tests, with faults and a log of requests. */
import { EmbeddedCluster } from './cluster.ts'
import type { Interceptor } from './dispatcher.ts'
import type { ApiName, RequestBody, ResponseBody } from './endpoints.ts'
import type { Exchange, ReceivedRequest, Reply } from './exchange.ts'
import { type Control, type ControlOptions, FaultControls } from './fault-controls.ts'
import type { Fault } from './faults.ts'
import { type EmbeddedClusterOptions, settingsFrom } from './options.ts'
import { RequestLog } from './request-log.ts'

/** Options of {@link TestCluster.start}. */
export interface TestClusterOptions extends EmbeddedClusterOptions {
  /** Requests remembered in `cluster.requests`. @defaultValue 10000 */
  readonly requestLogSize?: number
}

const DEFAULT_REQUEST_LOG_SIZE = 10_000

/** Logs each request and applies the active fault. */
class Misbehaviour implements Interceptor {
  readonly controls = new FaultControls()
  readonly log: RequestLog

  constructor(requestLogSize: number) {
    this.log = new RequestLog(requestLogSize)
  }

  intercept(exchange: Exchange<unknown, unknown>): Reply<unknown> | Promise<Reply<unknown>> {
    this.log.add(exchange.received)
    const control = this.controls.take(exchange.received)
    return control ? control.fault(exchange) : exchange.proceed()
  }
}

/** A running cluster. */
export class TestCluster extends EmbeddedCluster {
  readonly #misbehaviour: Misbehaviour

  protected constructor(
    { requestLogSize = DEFAULT_REQUEST_LOG_SIZE, ...options }: TestClusterOptions,
    misbehaviour = new Misbehaviour(requestLogSize),
  ) {
    super(settingsFrom(options), misbehaviour)
    this.#misbehaviour = misbehaviour
  }

  /** Starts all brokers and creates the topics. Rejects when a port is taken. */
  static override async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const cluster = new TestCluster(options)
    await cluster.begin()
    return cluster
  }

  /** The latest requests, oldest first. */
  get requests(): readonly ReceivedRequest[] {
    return this.#misbehaviour.log.entries()
  }

  /** Resolves with the next request of a kind (of any, without one) that satisfies `isWanted`. */
  nextRequest(
    api?: ApiName,
    isWanted: (received: ReceivedRequest) => boolean = () => true,
  ): Promise<ReceivedRequest> {
    return this.#misbehaviour.log.next(
      (received) => (api === undefined || received.api === api) && isWanted(received),
    )
  }

  /** Forgets the requests received so far. */
  clearRequests(): void {
    this.#misbehaviour.log.clear()
  }

  /**
   * Applies a fault to the next request of a kind, or to those that the options select. Several faults for one kind
   * apply in the order they were added, one per request.
   */
  control<Name extends ApiName>(
    api: Name,
    fault: Fault<RequestBody<Name>, ResponseBody<Name>>,
    options: ControlOptions = {},
  ): Control {
    return this.#misbehaviour.controls.add(api, { fault }, options)
  }

  /** Ends all faults. */
  clearControls(): void {
    this.#misbehaviour.controls.clear()
  }
}
