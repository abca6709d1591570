#!/usr/bin/env node
/** The entry point. It checks the version of Node.js before it loads code that old versions could not parse. */
import { boundYoungGeneration } from './base/young-generation.ts'
import { nodeVersionError } from './cli/node-version.ts'

// Without a listener Node.js would open its inspector, through which anyone who reaches its port can run code and
// read secrets. `--disable-sigusr1` prevents this from the first moment on, but not everyone starts kprf with it.
process.on('SIGUSR1', () => undefined)

const message = nodeVersionError(process.versions.node)
if (message === undefined) {
  // Before the program is loaded, which alone would make it grow.
  boundYoungGeneration()
  await import('./cli/program.ts')
} else {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
