/**
 * How much of this process one client, and all clients together, may use. These limits protect against abuse and
 * need no tuning; the ones that users tune are in the configuration.
 */
export interface ServerLimits {
  /** Size of request line and headers, bytes; above it 431. */
  readonly maxHeaderBytes: number
  /** Headers of a request; at this number 431. Node itself would silently drop the rest. */
  readonly maxHeaders: number
  /** Time for the headers to arrive after their first byte, ms; then 408. */
  readonly headersTimeoutMs: number
  /** Time for the body to arrive after the headers, ms, also for a discarded body; then 408. */
  readonly bodyTimeoutMs: number
  /**
   * How often these two are checked, ms. Headers are refused late by at most this time, bodies by at most twice
   * this time.
   */
  readonly timeoutCheckIntervalMs: number
  /** How long an idle connection is kept, ms, also one that has never sent anything. */
  readonly keepAliveTimeoutMs: number
  /** Requests served on one connection before it is closed. 0 means no limit. */
  readonly maxRequestsPerConnection: number
  /**
   * Unfinished requests of one connection. Further ones are not served, and the connection ends after the replies
   * to these.
   */
  readonly maxPipelinedRequests: number
  /**
   * The same limit in a turn of the event loop that has already begun {@link ServerLimits.crowdedTurnRequests}
   * requests.
   */
  readonly maxPipelinedRequestsWhenCrowded: number
  readonly crowdedTurnRequests: number
  /** Connections accepted in one turn of the event loop, if the system lets several sockets share a port. */
  readonly acceptsPerTurn: number
  /** Open connections. A further one replaces an idle one, or is closed if none is idle. */
  readonly maxConnections: number
  /** Open connections of one address; further ones are closed. 0 means no limit. */
  readonly maxConnectionsPerAddress: number
  /**
   * How long a client may read more slowly than {@link ServerLimits.minReadBytesPerSecond} before its connection is
   * cut, ms.
   */
  readonly stalledReaderTimeoutMs: number
  /** The lowest rate at which a client must read waiting replies, averaged over that time. */
  readonly minReadBytesPerSecond: number
  /** How long a connection stays open after its input was refused, so that the client can read the reply, ms. */
  readonly lingerMs: number
  /** How long an idle connection stays open after the server stops, ms: a request in transit still gets a reply. */
  readonly lastRequestMs: number
}

/** The limits in production; tests use smaller ones. */
export const SERVER_LIMITS: ServerLimits = {
  maxHeaderBytes: 16_384, // Node's default: twice what browsers and proxies send at most
  maxHeaders: 100, // ten times what a client of kprf sends
  headersTimeoutMs: 10_000, // a phone on a bad network needs seconds, an attacker would take minutes
  bodyTimeoutMs: 30_000, // 1 MiB at 300 kbit/s
  timeoutCheckIntervalMs: 1000, // with Node's default of 30 s, 10 s could become 40 s
  keepAliveTimeoutMs: 65_000, // longer than the 60 s of common load balancers, which must close first
  maxRequestsPerConnection: 10_000, // so that a load balancer can redistribute long-lived connections
  maxPipelinedRequests: 100, // each takes 3 KiB of objects; one read is parsed before it can be paused
  maxPipelinedRequestsWhenCrowded: 8, // does not affect clients that wait for each reply
  crowdedTurnRequests: 1000, // 30 ms of work
  acceptsPerTurn: 8, // 200 new connections wait for 25 turns instead of 200
  maxConnections: 10_000, // with 16 KiB of headers each, 160 MiB at worst
  maxConnectionsPerAddress: 0, // all clients of a load balancer have its address
  stalledReaderTimeoutMs: 30_000, // as for a request that arrives
  minReadBytesPerSecond: 1024, // a third of the rate of the slowest mobile networks
  lingerMs: 1000, // a reply and the client's close need one round trip
  lastRequestMs: 100, // one round trip
}

/**
 * The limits of the operations port. Scrapers and probes are few, near and fast, and must get through, so slow
 * clients get less time.
 */
export const OPERATIONS_LIMITS: ServerLimits = {
  ...SERVER_LIMITS,
  headersTimeoutMs: 3000,
  bodyTimeoutMs: 5000, // no request has a body
  maxPipelinedRequests: 4,
  maxPipelinedRequestsWhenCrowded: 4,
  acceptsPerTurn: 1, // one probe and one scraper come at a time
  maxConnections: 256, // more means a mistake or an attack
  lastRequestMs: 0, // probes and scrapes come every few seconds
  stalledReaderTimeoutMs: 10_000, // Prometheus's scrape timeout
  minReadBytesPerSecond: 8192, // at this rate, 1 MB of metrics takes two minutes
}

/**
 * Bytes of request bodies in memory, over all connections, from arrival until their records are admitted; above it
 * 503. 256 bodies of 1 MiB are more than two cores can parse in a second. The limit is lower if the process may not
 * use four times this memory: see body-budget.ts.
 */
export const BODY_BYTES_IN_FLIGHT = 268_435_456

/**
 * Bytes of large replies in memory, over all connections; above it 503. The largest possible reply counts from
 * before the records of a push are produced; the reply itself counts until the operating system has taken it.
 */
export const REPLY_BYTES_IN_FLIGHT = 134_217_728

/**
 * Bytes counted for a streamed reply while it is open: Node's buffer, since a full buffer gets nothing more. This
 * allows 2,048 streamed replies at once, half of them from one address.
 */
export const STREAMED_REPLY_BYTES = 65_536

/**
 * Share of {@link REPLY_BYTES_IN_FLIGHT} that one client address may hold: 139 pushes of 1,000 records that wait
 * for delivery, more records than the queue holds by default.
 */
export const REPLY_ADDRESS_SHARE = 1 / 2

/** Replies get at most this share of the heap limit. */
export const REPLY_HEAP_SHARE = 1 / 8

/**
 * A body has stalled if it brings fewer than {@link STALLED_BODY_PROGRESS_BYTES} in this time, ms. It is given up
 * (408) only when its memory is needed. 64 kbit/s is a fifth of the rate that the largest body needs to arrive in
 * time.
 */
export const STALLED_BODY_MS = 2_000
export const STALLED_BODY_PROGRESS_BYTES = 16_384

/**
 * Bytes of a refused body that are read and discarded, so that a client that reads only after it has sent
 * everything gets the reply instead of a reset connection. Above it the connection is cut.
 */
export const DISCARD_MAX_BYTES = 10_485_760
