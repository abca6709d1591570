/** Loaded before kprf: its main thread writes at its end, on one line of standard error, how many requests Node read. */
import { writeSync } from 'node:fs'
import { subscribe } from 'node:diagnostics_channel'
import { isMainThread } from 'node:worker_threads'

let requests = 0
subscribe('http.server.request.start', () => {
  requests += 1
})
if (isMainThread) process.once('exit', () => writeSync(2, `requests ${requests}\n`))
