import type { DropReason } from './http-metrics.ts'

/** What the log says of a connection that was closed although its client did nothing wrong. */
export const DROP_MESSAGES: Record<DropReason, string> = {
  limit: 'closed a new connection: too many are open, and none of them is idle',
  address_limit: 'closed a new connection: its address has too many open',
  idle_evicted: 'closed an idle connection to make room for a new one',
  idle_timeout: 'closed an idle connection: no request came on it',
  file_descriptors:
    'cannot accept connections: the process has no free file descriptor; raise its limit (ulimit -n)',
}
