import { Counter, Gauge, type Registry } from './prom-client.ts'

/** Each has a series from the start, so that the first refusal shows as an increase. */
const CONFLICTS = ['in_use', 'other_content', 'full'] as const

/** The metrics of idempotency keys. There are none with `http.idempotency.max_keys: 0`. */
export class IdempotencyMetrics {
  readonly #replayed: Counter
  readonly #conflicts: Counter<'reason'>
  readonly #forgotten: Counter

  /** @param keys - the number of keys, read at each scrape. */
  constructor(registry: Registry, keys: () => number) {
    const registers = [registry]
    const gauge: Gauge = new Gauge({
      name: 'kprf_idempotency_keys',
      help: 'Keys that are remembered, of pushes under way too; at most http.idempotency.max_keys.',
      registers,
      collect: () => {
        gauge.set(keys())
      },
    })
    this.#replayed = new Counter({
      name: 'kprf_idempotency_replayed_total',
      help: 'Repeated pushes that got the answer of the first.',
      registers,
    })
    this.#conflicts = new Counter({
      name: 'kprf_idempotency_conflicts_total',
      help: 'Pushes refused for their Idempotency-Key: the first has no answer yet (in_use), it had another body or query (other_content), or so many were under way that there was no room for one more (full).',
      labelNames: ['reason'],
      registers,
    })
    for (const reason of CONFLICTS) this.#conflicts.inc({ reason }, 0)
    this.#forgotten = new Counter({
      name: 'kprf_idempotency_forgotten_total',
      help: 'Keys forgotten before http.idempotency.window_ms was over, to make room: a push that is repeated under one of them is produced again.',
      registers,
    })
  }

  /** Counts a push that was answered with what the first got. */
  replayed(): void {
    this.#replayed.inc()
  }

  /** Counts a push that was refused for its key. */
  conflicted(reason: (typeof CONFLICTS)[number]): void {
    this.#conflicts.inc({ reason })
  }

  /** Counts a key that was forgotten before its time. */
  forgotten(): void {
    this.#forgotten.inc()
  }
}
