/**
 * Loaded before kprf, where tests start it: ends the process with the one that started it, however that ends. The
 * system closes standard input when the starter is gone.
 */
import { isPrimary } from 'node:cluster'
import { isMainThread } from 'node:worker_threads'

// Workers end with their primary, threads with their process.
if (isPrimary && isMainThread) {
  // Not a socket of its own: whatever imports `process` in whole opens this one, and two of one descriptor fail.
  process.stdin
    .on('close', () => process.kill(process.pid, 'SIGKILL'))
    .resume()
    .unref()
}
