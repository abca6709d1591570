import { Counter, Gauge, type Registry } from './prom-client.ts'
import type { RequestMetrics } from './request-metrics.ts'

/** The open connections, read at each scrape. */
export interface ConnectionState {
  /** Connections on which a request is served, or a reply is not read yet. */
  readonly active: number
  readonly idle: number
  /** Bytes of replies that clients have not read yet. */
  readonly replyBytes: number
}

/**
 * Reasons for dropped connections. Each has a series from the start, so that the first drop shows as an increase.
 */
const DROP_REASONS = ['limit', 'address_limit', 'idle_evicted', 'idle_timeout', 'file_descriptors']

/** The metrics of client connections, in which a misbehaving client shows before it does harm. */
export class EdgeMetrics {
  readonly #clientErrors: Counter<'code'>
  readonly #dropped: Counter<'reason'>
  readonly #aborted: Counter
  readonly #requests: RequestMetrics

  constructor(registry: Registry, state: () => ConnectionState, requests: RequestMetrics) {
    const registers = [registry]
    this.#requests = requests
    this.#clientErrors = new Counter({
      name: 'kprf_http_client_errors_total',
      help: 'Requests refused before routing, by the error code in docs/ERRORS.md; and clients that left before their reply (aborted), read replies too slowly (stalled_reader), sent too many requests at once (pipelined), spoke plain HTTP to a TLS port (plain_text) or could not agree on TLS (tls_handshake).',
      labelNames: ['code'],
      registers,
    })
    this.#aborted = new Counter({
      name: 'kprf_http_aborted_total',
      help: 'Clients that left before their reply: aborted in kprf_http_client_errors_total.',
      registers,
    })
    this.#dropped = new Counter({
      name: 'kprf_http_connections_dropped_total',
      help: 'Connections closed: new ones over a limit (limit, address_limit), idle ones to make room for new ones (idle_evicted) or because they sent something other than a request (idle_timeout); and seconds in which no file descriptor was left to accept one (file_descriptors).',
      labelNames: ['reason'],
      registers,
    })
    for (const reason of DROP_REASONS) this.#dropped.inc({ reason }, 0)
    const connections = new Gauge<'state'>({
      name: 'kprf_http_connections',
      help: 'Open connections of clients: active while a request is served or a reply is not read yet, idle otherwise.',
      labelNames: ['state'],
      registers,
      collect: () => {
        const { active, idle } = state()
        connections.set({ state: 'active' }, active)
        connections.set({ state: 'idle' }, idle)
      },
    })
    const replyBytes = new Gauge({
      name: 'kprf_http_reply_bytes',
      help: 'Bytes of replies that clients have not read yet.',
      registers,
      collect: () => {
        replyBytes.set(state().replyBytes)
      },
    })
  }

  /** Counts a client error. @param code - an error code in lower case, or another name of a failure. */
  clientFailed(code: string): void {
    this.#clientErrors.inc({ code })
    if (code === 'aborted') this.#aborted.inc()
  }

  /** Counts the reply to a request that was refused before its path was looked at. */
  requestRefused(method: string, status: number): void {
    this.#requests.refused(method, status)
  }

  /** Counts a connection that was closed. */
  connectionDropped(reason: string): void {
    this.#dropped.inc({ reason })
  }
}
