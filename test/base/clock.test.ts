import { once } from 'node:events'
import net from 'node:net'
import { expect, describe, it } from 'vitest'
import { clockOf, systemClock, type CancelTimer } from '../../src/base/clock.ts'

/** A clock whose loop the test runs by hand. */
function byHand(): {
  readonly clock: ReturnType<typeof clockOf>
  readonly pass: (ms: number) => void
  readonly fire: () => void
  readonly readInput: () => void
} {
  let nowMs = 0
  const timers = new Set<() => void>()
  const afterInput = new Set<() => void>()
  const addTo =
    (tasks: Set<() => void>) =>
    (task: () => void): CancelTimer => {
      tasks.add(task)
      return () => tasks.delete(task)
    }
  const runAll = (tasks: Set<() => void>): void => {
    for (const task of [...tasks]) {
      tasks.delete(task)
      task()
    }
  }
  return {
    clock: clockOf({
      nowMs: () => nowMs,
      epochMs: () => nowMs,
      startTimer: (_, task) => addTo(timers)(task),
      afterInput: addTo(afterInput),
    }),
    pass: (ms) => (nowMs += ms),
    fire: () => {
      runAll(timers)
    },
    readInput: () => {
      runAll(afterInput)
    },
  }
}

describe('a timer', () => {
  it('that fires in time runs its task at once', () => {
    const { clock, pass, fire } = byHand()
    const ran: string[] = []
    clock.schedule(100, () => ran.push('task'))

    pass(119)
    fire()

    expect(ran).toEqual(['task'])
  })

  it('of a process that was held up runs its task after what has arrived was read', () => {
    const { clock, pass, fire, readInput } = byHand()
    const ran: string[] = []
    clock.schedule(100, () => ran.push('task'))

    pass(120)
    fire()
    const before = [...ran]
    readInput()

    expect(before).toEqual([])
    expect(ran).toEqual(['task'])
  })

  it('can still be cancelled by what was read', () => {
    const { clock, pass, fire, readInput } = byHand()
    const ran: string[] = []
    const cancel = clock.schedule(100, () => ran.push('task'))

    pass(500)
    fire()
    cancel()
    readInput()

    expect(ran).toEqual([])
  })

  it('of the machine comes after an answer that arrived while the process was held up', async () => {
    const seen: string[] = []
    const server = net.createServer((socket) => {
      socket.once('data', () => {
        systemClock.schedule(10, () => seen.push('time-out'))
        socket.write('answer')
        const untilMs = systemClock.nowMs() + 60
        while (systemClock.nowMs() < untilMs) seen.length = 0
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    const client = net.connect(typeof address === 'object' ? (address?.port ?? 0) : 0)
    client.write('question')

    client.once('data', () => seen.push('answer'))
    while (seen.length < 2) await new Promise(setImmediate)

    expect(seen).toEqual(['answer', 'time-out'])
    client.destroy()
    await once(server.close(), 'close')
  })
})
