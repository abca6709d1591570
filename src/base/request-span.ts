/** The span of a request, as whoever answers requests tells it to whatever exports spans. */

/** The span of one request that was answered. */
export interface RequestSpan {
  readonly traceId: string
  readonly spanId: string
  /** The span of the client; `undefined` if it has none. */
  readonly parentId: string | undefined
  /** The `tracestate` of the client; `undefined` if it has none. */
  readonly traceState: string | undefined
  /** Milliseconds since the Unix epoch. */
  readonly startMs: number
  /** Milliseconds since the Unix epoch. */
  readonly endMs: number
  /** The topic of all records; `undefined` if the path does not tell it. */
  readonly topic: string | undefined
  readonly method: string
  /** The path of the route, with the names of its parameters; `undefined` if the path is a secret. */
  readonly route: string | undefined
  /** The status of the reply; 499 if the client left before it. */
  readonly status: number
  /** What failed, as the name of an error; `undefined` if all records were accepted. */
  readonly error: string | undefined
  readonly requestId: string
}

/** Takes the spans of requests. */
export interface SpanRecorder {
  /** Must neither wait nor throw: requests are answered meanwhile. */
  record(span: RequestSpan): void
}
