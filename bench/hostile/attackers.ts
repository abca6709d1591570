/**
 * Sends all hostile requests at once to one port, until this process is ended: `node bench/hostile/attackers.ts
 * PORT KIB_PER_SECOND [TEXT]`; with a text, only those with it in their names. Each kind is sent in rounds, at this
 * rate over all rounds; connections that it leaves open stay open until the next round.
 */
import { Flood } from './flood.ts'
import { SHAPES, type Shape } from './shapes.ts'

const ROUND_BYTES = 65_536
const LONGEST_ROUND_MS = 30_000

const [port, kibPerSecond] = process.argv.slice(2, 4).map(Number)
const only = process.argv[4] ?? ''
if (port === undefined || kibPerSecond === undefined) throw new Error('usage: PORT KIB_PER_SECOND')

async function attack(shape: Shape, port: number, bytesPerSecond: number): Promise<never> {
  for (;;) {
    const flood = new Flood(port)
    const startedMs = performance.now()
    await Promise.race([shape.send(flood, ROUND_BYTES), pause(LONGEST_ROUND_MS)])
    const roundMs = Math.min((flood.sentBytes / bytesPerSecond) * 1000, LONGEST_ROUND_MS)
    await pause(Math.max(0, startedMs + roundMs - performance.now()))
    flood.end()
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

console.log('attacking')
const shapes = SHAPES.filter(({ name }) => name.includes(only))
await Promise.all(shapes.map((shape) => attack(shape, port, kibPerSecond * 1024)))
