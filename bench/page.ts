/**
 * Measures what the page costs kprf: the processor time of an idle kprf that knows 200 topics, without a viewer, with
 * the page open in Chromium, and with ten viewers. `npm run bench:page`.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { startKprf } from '../test/support/kprf-process.ts'
import { scriptArguments } from '../scripts/arguments.ts'
import { ScriptProgress } from '../scripts/progress.ts'
import { launch } from '../test/browser/support/launch.ts'

const { seconds } = scriptArguments('Usage: npm run bench:page -- [--seconds N]', {
  seconds: { type: 'string', default: '30' },
})
const TOPICS = Array.from({ length: 200 }, (_, index) => `topic-${index}`)
/** Clock ticks of Linux. */
const TICKS_PER_SECOND = 100

const progress = new ScriptProgress({ verb: 'took', noun: 'measure', total: 3 })
const cluster = await TestCluster.start({
  topics: Object.fromEntries(TOPICS.map((topic) => [topic, { partitions: 1 }])),
})
const kprf = await startKprf(cluster.bootstrap, { 'http.max_topics_per_request': 200 })
const { status } = await kprf.push({
  records: TOPICS.map((topic) => ({ topic, data: 'record' })),
  wait_for_send: true,
})
if (status !== 200) throw new Error(`the push was answered ${status}`)
// What a start leaves to do.
await sleep(5_000)
const before = await share()
const browser = await launch()
const page = await browser.newPage()
await page.goto(`http://127.0.0.1:${kprf.operationsPort}/`)
await page.waitForFunction("document.getElementById('state').textContent === 'live'")
await sleep(2_000)
const open = await share()
const streams = await Promise.all(
  Array.from({ length: 9 }, () => fetch(`http://127.0.0.1:${kprf.operationsPort}/page/live`)),
)
const reading = streams.map(async ({ body }) => {
  for await (const piece of body ?? []) if (piece.length === 0) break
})
const ten = await share()
await browser.close()
await kprf.stop()
await Promise.allSettled(reading)
await cluster.close()
progress.end()
console.log(`no viewer        ${percent(before)}`)
console.log(`open in Chromium ${percent(open)}, so that the page costs ${percent(open - before)}`)
console.log(`ten viewers      ${percent(ten)}, so that they cost ${percent(ten - before)}`)

/** The share of one core that kprf uses. */
async function share(): Promise<number> {
  const startedMs = performance.now()
  const ticks = ticksOf(kprf.pid)
  await sleep(Number(seconds) * 1_000)
  progress.done()
  const cpuMs = ((ticksOf(kprf.pid) - ticks) / TICKS_PER_SECOND) * 1_000
  return cpuMs / (performance.now() - startedMs)
}

/** User and system time of all threads (proc(5), fields 14 and 15). */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}

function percent(value: number): string {
  return `${(value * 100).toFixed(2)} %`
}
