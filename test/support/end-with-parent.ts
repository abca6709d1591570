/**
 * Loaded before kprf, where tests start it: ends the process with the one that started it, however that ends. The
 * system closes standard input when the starter is gone.
 */
import { isPrimary } from 'node:cluster'
import { Socket } from 'node:net'

// Workers end with their primary.
if (isPrimary) {
  new Socket({ fd: 0, readable: true, writable: false })
    .on('close', () => process.kill(process.pid, 'SIGKILL'))
    .resume()
    .unref()
}
