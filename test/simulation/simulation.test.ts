import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { drawSchedule } from './draw-schedule.ts'
import { recover } from './recover.ts'
import { runSchedule } from './run.ts'
import { World } from './world/world.ts'
import { shorten } from './shorten.ts'

const PORT = 9_092

/** Runs `main` in a world with a listener and one connection to it. */
async function connected<Result>(
  main: (client: Socket, server: Socket, world: World) => Promise<Result>,
): Promise<Result> {
  const world = new World(1)
  return await world.run(async () => {
    const accepted = Promise.withResolvers<Socket>()
    const listener = world.network.createServer(accepted.resolve)
    await once(listener.listen(PORT), 'listening')
    const client = world.network.connect({ port: PORT }, () => undefined)
    const server = await accepted.promise
    for (const socket of [client, server]) socket.on('error', () => undefined)
    return await main(client, server, world)
  })
}

async function textOf(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  await once(socket, 'close')
  return text
}

describe('A schedule', () => {
  test('does exactly the same each time, whatever ran before', async () => {
    const forth = []
    for (const seed of [14, 15, 18]) forth.push((await runSchedule(drawSchedule(seed))).digest)
    const back = []
    for (const seed of [18, 15, 14]) back.unshift((await runSchedule(drawSchedule(seed))).digest)

    expect(back).toEqual(forth)
    expect(new Set(forth).size).toBe(3)
  })

  test('that fails is shortened to what makes it fail', async () => {
    const schedule = drawSchedule(3)
    const [culprit] = schedule.events
    const { result } = { result: await runSchedule({ ...schedule, events: [], clients: [] }) }

    const shortest = await shorten(schedule, ({ events }) => {
      const violations = events.some((event) => event === culprit) ? ['it broke'] : []
      return Promise.resolve({ ...result, violations })
    })

    expect(schedule.events.length).toBeGreaterThan(1)
    expect(shortest).toEqual({
      schedule: { ...schedule, events: [culprit], clients: [] },
      violations: ['it broke'],
    })
  })
})

describe('Simulated time', () => {
  test('jumps to what is due next, and keeps the order of what is due together', async () => {
    const world = new World(1)
    const happened: string[] = []

    await world.run(async () => {
      world.time.schedule(60_000, () => happened.push(`late at ${world.time.nowMs()}`))
      setTimeout(() => happened.push(`first at ${world.time.nowMs()}`), 10)
      setTimeout(() => happened.push(`second at ${world.time.nowMs()}`), 10)
      const cancelled = setTimeout(() => happened.push('never'), 20)
      clearTimeout(cancelled)
      await world.time.sleep(60_000)
    })

    expect(happened).toEqual(['first at 10', 'second at 10', 'late at 60000'])
    expect(world.time.running).toBe(0)
  })

  test('says so when nothing is left that could end the run', async () => {
    await expect(new World(1).run(() => new Promise(() => undefined))).rejects.toThrow(
      'nothing is left to happen',
    )
  })

  test('gives the process its own time back', async () => {
    const before = [setTimeout, Date.now, Math.random]

    await new World(1).run(() => Promise.resolve())

    expect([setTimeout, Date.now, Math.random]).toEqual(before)
  })
})

describe('A simulated event loop that is held up', () => {
  test('runs its timers late, before it reads what has arrived, while brokers go on', async () => {
    const log = await connected(async (client, server, { loop, time }) => {
      const seen: string[] = []
      client.on('data', (chunk: Buffer) => seen.push(`${String(chunk)} at ${time.nowMs() >= 500}`))
      server.on('data', () => {
        seen.push(`question at ${time.nowMs() >= 500}`)
        server.write('answer')
      })
      client.write('question')
      loop.startTimer(100, () => seen.push('raw timer'))
      loop.clock.schedule(100, () => seen.push('timer of kprf'))
      const cancel = loop.startTimer(100, () => seen.push('never'))
      time.schedule(200, cancel)
      loop.holdUp(500)
      await time.sleep(600)
      return seen
    })

    expect(log).toEqual(['question at false', 'raw timer', 'answer at true', 'timer of kprf'])
  })

  test('says for how long of a time it was', async () => {
    const { loop, time } = new World(1)
    await time.run(async () => {
      await time.sleep(100)
      loop.holdUp(50)
      await time.sleep(200)
    })

    expect([loop.heldUpMs(0, 300), loop.heldUpMs(120, 300), loop.heldUpMs(0, 90)]).toEqual([
      50, 30, 0,
    ])
  })
})

describe('A simulated network', () => {
  test('finds the port that a name stands for at each connection', async () => {
    const world = new World(1)
    const reached: number[] = []

    await world.run(async () => {
      for (const port of [1, 2]) {
        const listener = world.network.createServer((socket) => {
          reached.push(port)
          socket.destroy()
        })
        listener.listen(port)
      }
      for (const port of [1, 2]) {
        world.network.resolve('kafka', () => port)
        world.network.connect({ host: 'kafka', port: 9 }, () => undefined).resume()
        await world.time.sleep(100)
      }
    })

    expect(reached).toEqual([1, 2])
  })

  test('connects to a hung port where nobody listens any more, and to a cut one never', async () => {
    const world = new World(1)
    const connected: number[] = []

    await world.run(async () => {
      world.network.begin(1, 'hung')
      world.network.begin(2, 'cut')
      const clients = [1, 2].map((port) =>
        world.network.connect({ port }, () => connected.push(port)),
      )
      for (const client of clients) client.on('error', () => undefined)
      await world.time.sleep(60_000)
      for (const port of [1, 2]) world.network.end(port)
      await world.time.sleep(1_000)
    })

    expect(connected).toEqual([1])
    expect(world.network.openSockets).toBe(0)
  })
})

describe('A cluster that moves', () => {
  const seeds = Array.from({ length: 200 }, (_, index) => index)
  const moving = seeds
    .map((seed) => drawSchedule(seed))
    .filter(({ events, ending }) => {
      return ending === 'settle' && events.some(({ kind }) => kind === 'moveCluster')
    })

  test.each(['hung', 'cut'] as const)(
    'behind its name is found again while nothing is heard from where it was (%s)',
    async (outage) => {
      const schedule = moving.find(({ events }) =>
        events.some((event) => event.kind === 'moveCluster' && event.outage === outage),
      )
      if (!schedule) throw new Error('no seed draws it')

      const { violations, faults } = await runSchedule(schedule)

      expect(faults.get('moveCluster')).toBe(1)
      expect(violations).toEqual([])
    },
  )
})

describe('A partition that recovers', () => {
  /**
   * The violations for a partition whose probes fail until `untilMs`, and which stores other records meanwhile or
   * not.
   */
  async function verdict(untilMs: number, isBusy: boolean): Promise<readonly string[]> {
    const { time, loop } = new World(1)
    const storedIn = (): number => (isBusy ? time.nowMs() : 0)
    const probe = async (): Promise<boolean> => {
      await time.sleep(100)
      return time.nowMs() >= untilMs
    }
    const target = { topic: 't', partition: 0 }
    const schedule = { ...drawSchedule(1), events: [] }
    return await time.run(() =>
      recover(target, schedule, { world: { time, loop }, probe, storedIn }),
    )
  }

  test('may take five seconds, and longer while it works on what waited before', async () => {
    expect(await verdict(4_900, false)).toEqual([])
    expect(await verdict(9_000, true)).toEqual([])
  })

  test('may not stand still for longer', async () => {
    expect(await verdict(9_000, false)).toEqual([
      expect.stringMatching(/^t\/0 took no records until 9\d\d\d ms after the faults$/),
    ])
  })
})

describe('A simulated connection', () => {
  test('delivers everything in order, and its end', async () => {
    const words = Array.from({ length: 200 }, (_, index) => `word ${index};`)

    const text = await connected(async (client, server) => {
      for (const word of words) client.write(word)
      client.end()
      return await textOf(server)
    })

    expect(text).toBe(words.join(''))
  })

  test('still delivers what was written before the sender destroyed it', async () => {
    const text = await connected(async (client, server) => {
      client.write('last words')
      client.destroy()
      return await textOf(server)
    })

    expect(text).toBe('last words')
  })

  test('tells who writes to a peer that is gone', async () => {
    const error = await connected(async (client, server) => {
      const failed = once(client, 'error')
      client.pause()
      server.destroy()
      client.write('to nobody')
      const [reason] = (await failed) as [NodeJS.ErrnoException]
      return reason.code
    })

    expect(error).toBe('ECONNRESET')
  })

  test('is broken by a reset, which loses what is under way', async () => {
    const received = await connected(async (client, server) => {
      const failed = once(server, 'error')
      client.write('lost')
      client.resetAndDestroy()
      await failed
      return server.read() as Buffer | null
    })

    expect(received).toBeNull()
  })

  test('is refused where nobody listens', async () => {
    const world = new World(1)

    const code = await world.run(async () => {
      const socket = world.network.connect({ port: 1 }, () => undefined)
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
      return error.code
    })

    expect(code).toBe('ECONNREFUSED')
  })

  test('to a host that hangs is there, and what was sent arrives when it goes on', async () => {
    const log = await connected(async (client, server, { network, time }) => {
      const seen: string[] = []
      server.on('data', (chunk: Buffer) => seen.push(`${String(chunk)} at ${time.nowMs() >= 500}`))
      network.begin(PORT, 'hung')
      client.write('hello')
      const second = network.connect({ port: PORT }, () => seen.push('connected'))
      await time.sleep(500)
      network.end(PORT)
      await time.sleep(100)
      second.destroy()
      return seen
    })

    expect(log).toEqual(['connected', 'hello at true'])
  })

  test('through a cut cable is not even there before the cable is mended', async () => {
    const log = await connected(async (_client, _server, { network, time }) => {
      const seen: string[] = []
      network.begin(PORT, 'cut')
      const second = network.connect({ port: PORT }, () => {
        seen.push(`connected after ${time.nowMs() >= 500}`)
      })
      await time.sleep(500)
      network.end(PORT)
      await time.sleep(100)
      second.destroy()
      return seen
    })

    expect(log).toEqual(['connected after true'])
  })
})
