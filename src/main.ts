#!/usr/bin/env node
/** The way in. Looks at Node.js before anything is loaded that old ones could not even read. */
import { complaintOfNode } from './node-version.ts'

const complaint = complaintOfNode(process.versions.node)
if (complaint === undefined) {
  await import('./program.ts')
} else {
  process.stderr.write(`${complaint}\n`)
  process.exitCode = 1
}
