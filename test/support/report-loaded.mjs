/** Loaded before kprf: each thread writes at its end, on one line of standard error, what it has loaded. */
import { writeSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'

const { cache } = createRequire(import.meta.url)
const loaded = []
// The hooks of Node.js 22 break modules that are required by others: there only CommonJS modules are listed.
if (!process.version.startsWith('v22.')) {
  registerHooks({
    load: (url, context, next) => {
      loaded.push(url)
      return next(url, context)
    },
  })
}
process.once('exit', () => {
  const modules = [...loaded, ...Object.keys(cache), ...process.moduleLoadList]
  writeSync(2, `loaded ${JSON.stringify({ isMainThread, modules })}\n`)
})
