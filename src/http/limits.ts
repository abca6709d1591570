/**
 * How much one client, and all of them together, may take of this process. Each is a guard against
 * abuse rather than something to tune: what users tune is in the configuration.
 */
export interface ServerLimits {
  /** Request line and headers, bytes; beyond that 431. */
  readonly maxHeaderBytes: number
  /** Headers of a request; beyond that 431, where Node would leave the rest out unseen. */
  readonly maxHeaders: number
  /** How long headers may take to arrive, ms, also on a connection that says nothing; then 408. */
  readonly headersTimeoutMs: number
  /** How long a body may take to arrive once the headers are there, ms, wanted or not; then 408. */
  readonly bodyTimeoutMs: number
  /** How often those two are looked at, ms: they are late by at most this, a body by twice as much. */
  readonly timeoutCheckIntervalMs: number
  /** How long an idle connection is kept, ms. */
  readonly keepAliveTimeoutMs: number
  /** Requests served on one connection before it is closed. */
  readonly maxRequestsPerConnection: number
  /**
   * Requests of one connection that may be under way at once; what a client sends beyond that is not served, and
   * the connection ends after the replies to these.
   */
  readonly maxPipelinedRequests: number
  /**
   * The same for connections of which requests come in a turn of the event loop that has begun
   * {@link ServerLimits.crowdedTurnRequests} requests already.
   */
  readonly maxPipelinedRequestsWhenCrowded: number
  readonly crowdedTurnRequests: number
  /** Connections accepted in one turn of the event loop, where the system lets several sockets share a port. */
  readonly acceptsPerTurn: number
  /** Open connections. One more takes the place of one that is idle, or is closed where none is. */
  readonly maxConnections: number
  /** Open connections of one address; further ones are closed. 0 is no limit. */
  readonly maxConnectionsPerAddress: number
  /**
   * How long a client may take replies more slowly than {@link ServerLimits.minReadBytesPerSecond}, ms, before its
   * connection is cut.
   */
  readonly stalledReaderTimeoutMs: number
  /** How fast a client must take the replies that wait for it, averaged over that time. */
  readonly minReadBytesPerSecond: number
  /** How long a connection whose input was refused is kept so that the client can read why, ms. */
  readonly lingerMs: number
  /**
   * How long an idle connection is kept once the server stops, ms: a request that was sent before the client could
   * know of it gets a reply.
   */
  readonly lastRequestMs: number
}

/** The limits in production; tests use smaller ones. */
export const SERVER_LIMITS: ServerLimits = {
  maxHeaderBytes: 16_384, // Node's own default: twice what browsers and proxies send at most
  maxHeaders: 100, // ten times what a client of kprf sends
  headersTimeoutMs: 10_000, // a phone on a bad network needs some seconds, an attacker wants minutes
  bodyTimeoutMs: 30_000, // 1 MiB at 300 kbit/s
  timeoutCheckIntervalMs: 1000, // Node's 30 s would make 10 s into 40 s
  keepAliveTimeoutMs: 65_000, // longer than the 60 s of common load balancers, which must close first
  maxRequestsPerConnection: 10_000, // lets a load balancer spread long-lived connections anew
  maxPipelinedRequests: 100, // with 3 KiB of objects each; what comes in one read is parsed before it can be held back
  maxPipelinedRequestsWhenCrowded: 8, // clients that send one request after the other are not touched
  crowdedTurnRequests: 1000, // 30 ms of work
  acceptsPerTurn: 8, // 200 newcomers wait for 25 turns rather than 200
  maxConnections: 10_000, // with 16 KiB of headers each, 160 MiB at worst
  maxConnectionsPerAddress: 0, // all clients of a load balancer have its address
  stalledReaderTimeoutMs: 30_000, // as for a request that arrives
  minReadBytesPerSecond: 1024, // a third of what the slowest mobile networks carry
  lingerMs: 1000, // a reply and the client's close need one round trip
  lastRequestMs: 100, // one round trip, of clients that send one request after the other
}

/**
 * The limits of the operations port. Scrapers and probes are few, near and quick, and they must get through: there
 * is no wait for strangers.
 */
export const OPERATIONS_LIMITS: ServerLimits = {
  ...SERVER_LIMITS,
  headersTimeoutMs: 3000,
  bodyTimeoutMs: 5000, // no request has a body
  maxPipelinedRequests: 4,
  maxPipelinedRequestsWhenCrowded: 4,
  acceptsPerTurn: 1, // one probe and one scraper come at a time
  maxConnections: 256, // more than this are a mistake or an attack
  lastRequestMs: 0, // they come by the second
  stalledReaderTimeoutMs: 10_000, // the time that Prometheus gives a scrape
  minReadBytesPerSecond: 8192, // metrics of a megabyte come within the time of two scrapes
}

/**
 * Bytes of request bodies held at once, over all connections, from arrival until their records are
 * admitted; beyond that 503. 256 bodies of 1 MiB are more than two cores can parse in a second. Less where
 * the process may not use four times as much: see body-budget.ts.
 */
export const BODY_BYTES_IN_FLIGHT = 268_435_456

/**
 * Bytes of large replies held at once, over all connections: from before the records of a push are
 * produced, when the largest reply that it can get is counted, until the operating system has the reply;
 * beyond that 503.
 */
export const REPLY_BYTES_IN_FLIGHT = 134_217_728

/**
 * What is counted of them for a reply that is written bit by bit, for as long as it lasts: Node's buffer, since nothing
 * is written to a full one. That is 2,048 such replies at once, half of them of one address.
 */
export const STREAMED_REPLY_BYTES = 65_536

/**
 * The part of them that one client address may hold. That is 139 pushes of 1,000 records that wait for
 * delivery, more records than the queue holds by default.
 */
export const REPLY_ADDRESS_SHARE = 1 / 2

/** Where the heap may not grow large, replies get at most this part of it. */
export const REPLY_HEAP_SHARE = 1 / 8

/**
 * A body of which less than so many bytes arrive in so many ms has stalled: it is given up (408) when its
 * memory is needed, and only then. 64 kbit/s is a fifth of what the largest bodies need to arrive in time.
 */
export const STALLED_BODY_MS = 2_000
export const STALLED_BODY_PROGRESS_BYTES = 16_384

/**
 * Bytes of a refused body that are read and thrown away, so that a client that sends all before it
 * reads gets the reply instead of a reset connection. Beyond that it is cut off.
 */
export const DISCARD_MAX_BYTES = 8_388_608
