/**
 * The entry of the operations port's thread. It imports only what the port needs: not the producer, the log or the
 * configuration.
 */
import { parentPort } from 'node:worker_threads'
import { systemClock } from '../../base/clock.ts'
import { invariant } from '../../base/invariant.ts'
import { sendable } from '../../telemetry/logging/log-line.ts'
import { FieldLogger } from '../../telemetry/logging/logger.ts'
import { RepeatLimiter } from '../../telemetry/logging/repeat-limiter.ts'
import { LiveFeed } from '../../page/live/feed.ts'
import { OperationsAccess } from '../access.ts'
import { createOperationsApp } from '../app.ts'
import { OperationsServer } from '../server.ts'
import { EventLoopWatch } from './event-loop-watch.ts'
import type { Answer, Answers, ToMain, Topic, ToThread } from './messages.ts'
import { Question } from './question.ts'

invariant(parentPort !== null, 'this is not the main thread')
const main = parentPort
const clock = systemClock

const tell = (message: ToMain): void => {
  main.postMessage(message)
}
const question = <T extends Topic>(topic: T): Question<Answers[T]> =>
  new Question(clock, () => {
    tell({ kind: 'ask', topic })
  })

const limiter = new RepeatLimiter(clock)
const logger = new FieldLogger((level, msg, fields) => {
  tell({ kind: 'line', line: [level, msg, sendable(fields)] })
}, limiter)
const questions = {
  metrics: question('metrics'),
  statistics: question('statistics'),
  readiness: question('readiness'),
  live: question('live'),
}
const watch = new EventLoopWatch(clock, () => {
  tell({ kind: 'ask', topic: 'turn' })
})
let server: OperationsServer | undefined
let access: OperationsAccess | undefined
let listening: Promise<void> | undefined

main.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'listen':
      listening = listen(message)
      break
    case 'answer':
      pass(message)
      break
    case 'failed':
      if (message.topic !== 'turn') questions[message.topic].fail()
      break
    case 'renewTls':
      server?.renewTls(message.tls)
      break
    case 'useTokens':
      access?.use(message.tokens)
      break
    case 'close':
      void close()
  }
})

async function listen(message: ToThread & { kind: 'listen' }): Promise<void> {
  const { host, port, contentType, tokens, identity, tls } = message
  const feed = new LiveFeed({ source: { identity, take: () => questions.live.ask() }, clock })
  access = new OperationsAccess(tokens, logger, feed)
  const app = createOperationsApp({
    metrics: { contentType, exposition: () => questions.metrics.ask() },
    statistics: { json: () => questions.statistics.ask() },
    readiness: { results: () => questions.readiness.ask() },
    livenessProblem: () => watch.problem,
    ...{ logger, access, feed },
  })
  server = new OperationsServer({ app, clock, tls, feed, log: logger })
  try {
    tell({ kind: 'listening', port: await server.listen(host, port) })
    watch.start()
  } catch (error) {
    tell({ kind: 'refused', message: error instanceof Error ? error.message : String(error) })
    end()
  }
}

function pass(answer: Answer): void {
  switch (answer.topic) {
    case 'metrics':
      questions.metrics.answer(answer.value)
      break
    case 'statistics':
      questions.statistics.answer(answer.value)
      break
    case 'readiness':
      questions.readiness.answer(answer.value)
      break
    case 'live':
      questions.live.answer(answer.value)
      break
    case 'turn':
      watch.turned()
  }
}

async function close(): Promise<void> {
  await listening
  await server?.close()
  end()
}

/** Closes everything that would keep the thread running. */
function end(): void {
  watch.stop()
  // The clients that still wait have lost their connections.
  for (const question of Object.values(questions)) question.fail()
  limiter.flush()
  main.close()
}
