#!/usr/bin/env node
/** The way in. Looks at Node.js before anything is loaded that old ones could not even read. */
import { nodeVersionError } from './cli/node-version.ts'

// Without a listener Node.js would open its inspector, through which whoever reaches the port can run code and read
// secrets. `--disable-sigusr1` does it from the first moment on, but not everybody who starts kprf gives it.
process.on('SIGUSR1', () => undefined)

const message = nodeVersionError(process.versions.node)
if (message === undefined) {
  await import('./cli/program.ts')
} else {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
