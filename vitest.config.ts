import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { TIMES } from './test/support/random-runs.ts'

/** Packages of this repository are tested as they are written, not as they were last built. */
const broker = join(import.meta.dirname, 'packages/embedded-broker/src')
const alias = {
  '@kprf/embedded-broker/testing': join(broker, 'testing.ts'),
  '@kprf/embedded-broker': join(broker, 'index.ts'),
}
/** The same for threads and processes that tests start. */
const execArgv = ['--conditions=kprf-source']

/** The tests that open sockets or start processes; all others are pure, and come first. */
const INTEGRATION = [
  'test/integration/**/*.test.ts',
  'test/faults/**/*.test.ts',
  'test/migration/**/*.test.ts',
  'test/workers/**/*.test.ts',
  'test/soak/**/*.test.ts',
  'test/fuzz/**/*.test.ts',
  'test/edge-fuzz/**/*.test.ts',
  'test/compatibility/**/*.test.ts',
  'test/http/raw/**/*.test.ts',
  'test/http/ndjson/**/*.test.ts',
  'test/http/rest/rest-v2.test.ts',
  'test/http/rest/v3/records.test.ts',
  'test/http/rest/reads/**/*.test.ts',
  'test/http/events/events-endpoint.test.ts',
  'test/http/openapi/examples.test.ts',
  'test/http/page/**/*.test.ts',
  'test/http/webhooks/webhook-endpoint.test.ts',
  'packages/embedded-broker/test/cluster.test.ts',
  'packages/embedded-broker/test/connection.test.ts',
  'packages/embedded-broker/test/consumer-groups.test.ts',
  'packages/embedded-broker/test/faults.test.ts',
  'packages/embedded-broker/test/fuzz.test.ts',
  'packages/embedded-broker/test/handlers/administration.test.ts',
  'packages/embedded-broker/test/handlers/fetch.test.ts',
  'packages/embedded-broker/test/handlers/list-offsets.test.ts',
  'packages/embedded-broker/test/handlers/produce.test.ts',
  'packages/embedded-broker/test/protocol/every-version.test.ts',
  'packages/embedded-broker/test/security.test.ts',
  'test/balance/balance.test.ts',
  'test/bench/listener.test.ts',
  'test/base/clock.test.ts',
  'test/base/young-generation.test.ts',
  'test/cli/health.test.ts',
  'test/cli/wal/dead-letters.test.ts',
  'test/crash/crash.test.ts',
  'test/idempotency/idempotency.test.ts',
  'test/http/acceptors.test.ts',
  'test/http/access/cors.test.ts',
  'test/http/access/client-certificate.test.ts',
  'test/http/access/gate.test.ts',
  'test/http/access/forwarded-for.test.ts',
  'test/http/access/gate-matrix.test.ts',
  'test/http/access/hosts.test.ts',
  'test/http/app.test.ts',
  'test/http/edge/gate.test.ts',
  'test/http/edge/route-and-rule.test.ts',
  'test/http/edge/streamed-body.test.ts',
  'test/http/bad-http.test.ts',
  'test/http/bad-input.test.ts',
  'test/http/cost.test.ts',
  'test/http/express-messages.test.ts',
  'test/http/fast/both-ways.test.ts',
  'test/http/fast/fast-way.test.ts',
  'test/http/fuzz.test.ts',
  'test/http/half-closed.test.ts',
  'test/http/http-server.test.ts',
  'test/http/invalid-records.test.ts',
  'test/http/idempotency/idempotency.test.ts',
  'test/http/last-request.test.ts',
  'test/http/request-counts.test.ts',
  'test/http/tls.test.ts',
  'test/http/traced-doors.test.ts',
  'test/http/memory-is-bounded.test.ts',
  'test/http/reply-room.test.ts',
  'test/http/request-spans.test.ts',
  'test/http/rust-replies.test.ts',
  'test/http/page/page-routes.test.ts',
  'test/http/slow-bodies.test.ts',
  'test/http/streamed-reply.test.ts',
  'test/http/socket-internals.test.ts',
  'test/http/work-turns.test.ts',
  'test/operations/app.test.ts',
  'test/operations/page.test.ts',
  'test/operations/router.test.ts',
  'test/operations/server.test.ts',
  'test/operations/thread/threaded-server.test.ts',
  'test/outage/outage.test.ts',
  'test/producer/idempotence.test.ts',
  'test/producer/kafkajs/api-versions.test.ts',
  'test/producer/kafkajs/classify.test.ts',
  'test/producer/kafkajs/count-requests.test.ts',
  'test/producer/kafkajs/kafkajs-defects.test.ts',
  'test/producer/kafkajs/describe.test.ts',
  'test/producer/kafkajs/kafkajs-transport.test.ts',
  'test/producer/kafkajs/sockets.test.ts',
  'test/producer/kafkajs/tls-failures.test.ts',
  'test/producer/kafkajs/topic-creation.test.ts',
  'test/producer/security/token-endpoint.test.ts',
  'test/telemetry/logging/standard-streams.test.ts',
  'test/wal/tools/letters.test.ts',
]

/** Tests that count the blocks of code that run: V8 does so only for what a process loads after it was told to. */
const COUNTED = [
  'test/producer/many-topics.test.ts',
  'test/producer/ordered-heap.test.ts',
  'test/producer/kafkajs/stall-watch.test.ts',
]

/** What V8 cannot see the coverage of, with where it runs; `test/integration` tests it from outside. */
const OUT_OF_SIGHT = [
  'src/main.ts', // kprf as a process
  'src/cli/program.ts', // the same
  'src/cli/serve.ts', // the same
  'src/cli/quickstart.ts', // the same, with --embedded-broker
  'src/cli/tail.ts', // a process, kprf tail
  'src/cli/doctor/doctor.ts', // a process, kprf doctor
  'src/cli/doctor/disk.ts', // a process, kprf doctor
  'src/cli/doctor/cluster.ts', // a process, kprf doctor
  'src/cli/doctor/run.ts', // a process, kprf doctor
  'src/cli/doctor/address.ts', // the same
  'src/cli/doctor/configuration.ts', // the same
  'src/cli/doctor/network.ts', // the same
  'src/producer/kafkajs/probe/*.ts', // the same
  'src/cli/wal/command.ts', // a process, kprf wal
  'src/cli/wal/inspect.ts', // the same
  'src/cli/wal/repair.ts', // the same
  'src/cli/wal/open-producer.ts', // a process, kprf dead-letters replay
  'src/cli/wal/run.ts', // a process, kprf wal and kprf dead-letters
  'src/operations/thread/entry.ts', // the thread of the operations port
  'src/workers/cluster.ts', // forks processes, and runs in them
  'src/workers/run-worker.ts', // in a forked process
  'src/workers/worker.ts', // in a forked process
  'src/workers/worker-limits.ts', // the same
  'src/http/access/jwt/fetch-text.ts', // kprf as a process, which fetches keys
  'src/service/left-logs.ts', // kprf as a process, which starts without a log
]

/** The tests of the server, which run on the fast way, and once more without it. */
const ON_BOTH_WAYS = [
  'test/http/app.test.ts',
  'test/http/bad-http.test.ts',
  'test/http/bad-input.test.ts',
  'test/http/cost.test.ts',
  'test/http/half-closed.test.ts',
  'test/http/http-server.test.ts',
  'test/http/invalid-records.test.ts',
  'test/http/last-request.test.ts',
  'test/http/memory-is-bounded.test.ts',
  'test/http/reply-room.test.ts',
  'test/http/rust-replies.test.ts',
  'test/http/slow-bodies.test.ts',
  'test/http/work-turns.test.ts',
  'test/http/access/gate.test.ts',
  'test/http/access/hosts.test.ts',
  'test/http/access/forwarded-for.test.ts',
]

/** Tests that need more than Node.js. */
const ELSEWHERE = [
  'test/browser/**',
  'test/kafka/**',
  'test/clients/**',
  'test/containers/**',
  'test/dashboards/**',
  'test/deploy/**',
  'test/rolling/**',
]

export default defineConfig({
  resolve: { alias },
  test: {
    execArgv,
    globalSetup: 'test/support/started-processes.ts',
    // Far more than what is waited for takes: a process to start, a broker to be found.
    expect: { poll: { timeout: 15_000, interval: 20 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
          exclude: [...INTEGRATION, ...COUNTED, ...ELSEWHERE],
          setupFiles: ['test/support/no-sockets.ts', 'test/support/random-runs.ts'],
          // No module has state, so that each is loaded once for all tests of a worker; and none measures time.
          pool: 'threads',
          isolate: false,
          maxWorkers: '100%',
          testTimeout: 20_000 * TIMES,
          // Vitest takes 0 for not set where there is one worker.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'counted',
          include: COUNTED,
          setupFiles: ['test/support/no-sockets.ts'],
          testTimeout: 20_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: INTEGRATION,
          exclude: ELSEWHERE,
          // A busy machine takes seconds to start a process, and some tests start five.
          testTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: 'plain way',
          include: ON_BOTH_WAYS,
          env: { TEST_WAY: 'plain' },
          testTimeout: 60_000,
          sequence: { groupOrder: 4 },
        },
      },
      {
        extends: true,
        test: {
          name: 'clients',
          include: ['test/clients/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'deploy',
          include: ['test/deploy/**/*.test.ts', 'test/rolling/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          // Helm and the code of the API server are compiled once, which takes minutes.
          hookTimeout: 900_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'kafka',
          include: ['test/kafka/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'dashboards',
          include: ['test/dashboards/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'containers',
          include: ['test/containers/**/*.test.ts'],
          globalSetup: 'test/containers/setup.ts',
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'packages/*/src/**/*.ts'],
      exclude: ['**/*.d.ts', ...OUT_OF_SIGHT],
      reporter: ['text-summary', 'html'],
      // What is measured is a few points more, so that what chance decides is no reason to fail.
      thresholds: { lines: 95, branches: 92 },
    },
  },
})
