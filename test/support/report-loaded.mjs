/** Loaded before kprf: each thread writes at its end, on one line of standard error, what it has loaded. */
import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'

const loaded = []
registerHooks({
  load: (url, context, next) => {
    loaded.push(url)
    return next(url, context)
  },
})
process.once('exit', () => {
  const modules = [...loaded, ...process.moduleLoadList]
  writeSync(2, `loaded ${JSON.stringify({ isMainThread, modules })}\n`)
})
