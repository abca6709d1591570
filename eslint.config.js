import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'
import importX, { createNodeResolver } from 'eslint-plugin-import-x'
import prettier from 'eslint-config-prettier'

/** Each third-party library has one home; everything else goes through it. */
const libraryHomes = {
  kafkajs: 'src/producer/kafkajs/ and src/cli/tail.ts',
  winston: 'src/telemetry/logging.ts',
  'prom-client': 'src/telemetry/metrics/ and src/operations/',
  convict: 'src/config/values.ts',
  express: 'src/http/ and src/operations/',
  jose: 'src/http/access/jwt/verify-jwt.ts',
  '@opentelemetry': 'src/telemetry/tracing/',
  uplot: 'src/page/uplot.ts and src/page/browser/uplot.d.ts',
  '@platformatic/wasm-utils': 'src/producer/compression/wasm.ts',
}

const restrictedLibraries = (allowed) => ({
  'no-restricted-imports': [
    'error',
    {
      patterns: [
        ...Object.entries(libraryHomes)
          .filter(([name]) => !allowed.includes(name))
          .map(([name, home]) => ({
            regex: `^${name}(/|$)`,
            message: `${name} is imported in ${home} only.`,
          })),
        {
          regex: '^@kprf/embedded-broker/|/packages/',
          message:
            'src imports only the public entry of the embedded broker: @kprf/embedded-broker.',
        },
      ],
    },
  ],
})

/**
 * Imports run one way, from the first to the last:
 *
 *     main -> cli -> workers -> service -> settings -> {operations, http, page, ingest, wal, producer, config, telemetry} -> base
 */
const FLOORS = ['cli', 'workers', 'service', 'settings'].map((name) => `./src/${name}`)
const ROOMS = [
  'operations',
  'http',
  'page',
  'ingest',
  'wal',
  'producer',
  'config',
  'telemetry',
].map((name) => `./src/${name}`)

/** What a room may import beside itself and `base`. */
const GUESTS = {
  operations: [
    './http/access',
    './http/tls/server-tls.ts',
    './http/http-server.ts',
    './http/limits.ts',
    './http/listen-problem.ts',
    './page',
    './producer/types.ts',
    './telemetry',
  ],
  http: [
    ...['./ingest', './page', './producer/types.ts', './producer/delivery-errors.ts'],
    ...['./telemetry', './config/types.ts', './config/nearest.ts'],
  ],
  page: [],
  ingest: ['./producer/types.ts', './config/types.ts'],
  wal: [
    ...['./producer/types.ts', './producer/delivery-errors.ts', './producer/events.ts'],
    ...['./producer/crc32c.ts', './producer/refusal-tally.ts'],
  ],
  producer: [],
  config: [],
  telemetry: [
    './wal/log-types.ts',
    ...['./producer/record-columns.ts', './producer/delivery-errors.ts'],
    ...['./producer/events.ts', './producer/types.ts'],
  ],
}

const directions = {
  'import-x/no-restricted-paths': [
    'error',
    {
      basePath: import.meta.dirname,
      zones: [
        { target: './src/base', from: './src', except: ['./base'] },
        { target: './packages', from: ['./src', './test', './bench', './scripts'] },
        ...Object.entries(GUESTS).map(([room, guests]) => ({
          target: `./src/${room}`,
          from: './src',
          except: [`./${room}`, './base', ...guests],
        })),
        {
          target: './src/telemetry/metrics',
          from: './src',
          except: ['./telemetry/metrics', './base'],
        },
        ...FLOORS.map((from, index) => ({ target: [...FLOORS.slice(index + 1), ...ROOMS], from })),
      ],
    },
  ],
}

/** Tests wait for facts, never for time. */
const noWaits = {
  'no-restricted-imports': [
    'error',
    {
      patterns: [
        {
          regex: '^(node:)?timers(/promises)?$',
          message: 'Wait for a fact: test/support/until.ts, expect.poll, or the FakeClock.',
        },
      ],
    },
  ],
  'no-restricted-syntax': [
    'error',
    {
      selector: 'CallExpression[callee.name=/^set(Timeout|Interval)$/]',
      message:
        'Wait for a fact, or run on the FakeClock; a bound is `within` of test/support/until.ts.',
    },
    {
      selector: 'CallExpression[callee.object.name="vi"][callee.property.name=/^wait(For|Until)$/]',
      message: 'Poll with expect.poll, or with test/support/until.ts.',
    },
  ],
}

/** Where time passes all the same, and why. */
const WAITS = [
  'test/support/until.ts', // the one place that polls and bounds
  'test/kafka/support/load.ts', // clients that pause between their pushes
  'test/crash/crash-round.ts', // kills at random moments
  'test/outage/run.ts', // pushes at a pace while a backlog is delivered
  'test/idempotency/**', // the same, and connections that are cut at such
  'test/rolling/load.ts', // requests at random times
  'test/browser/support/pump.ts', // pushes at a pace, as clients do
  'test/recovery/**', // measures throughput over seconds
  'test/simulation/simulation.test.ts', // the timers are the simulated ones
  'test/soak/**', // a load of so many minutes, and brokers that come and go meanwhile
]

export default defineConfig(
  { ignores: ['**/dist/', 'coverage/', '.kafka/'] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [
        createNodeResolver({
          extensions: ['.ts', '.js'],
          conditionNames: ['kprf-source', 'node', 'import'],
        }),
      ],
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'max-lines': ['error', { max: 350 }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  { files: ['src/**', 'packages/*/src/**'], rules: { ...directions, ...restrictedLibraries([]) } },
  {
    files: ['src/producer/kafkajs/**', 'src/cli/tail.ts'],
    rules: restrictedLibraries(['kafkajs']),
  },
  {
    files: ['src/producer/compression/wasm.ts'],
    rules: restrictedLibraries(['@platformatic/wasm-utils']),
  },
  { files: ['src/telemetry/logging.ts'], rules: restrictedLibraries(['winston']) },
  { files: ['src/telemetry/metrics/**'], rules: restrictedLibraries(['prom-client']) },
  { files: ['src/telemetry/tracing/**'], rules: restrictedLibraries(['@opentelemetry']) },
  { files: ['src/config/values.ts'], rules: restrictedLibraries(['convict']) },
  { files: ['src/http/**', 'src/operations/**'], rules: restrictedLibraries(['express']) },
  { files: ['src/page/browser/uplot.d.ts'], rules: restrictedLibraries(['uplot']) },
  { files: ['src/http/access/jwt/verify-jwt.ts'], rules: restrictedLibraries(['jose']) },
  {
    files: ['test/**', 'packages/*/test/**', 'scripts/**', 'bench/**'],
    rules: {
      'no-console': 'off',
      'max-lines': 'off',
      '@typescript-eslint/consistent-type-assertions': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  { files: ['test/**', 'packages/*/test/**'], ignores: WAITS, rules: noWaits },
  {
    files: ['*.config.ts', '*.config.js', '**/*.d.ts'],
    rules: { 'import-x/no-default-export': 'off' },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
  {
    // Its types are in JSDoc, which `npm run check:types` checks.
    files: ['src/page/browser/*.js'],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  prettier,
)
