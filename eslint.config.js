import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'
import importX, { createNodeResolver } from 'eslint-plugin-import-x'
import prettier from 'eslint-config-prettier'

/** Each third-party library has one home; everything else goes through it. */
const libraryHomes = {
  kafkajs: 'src/producer/kafkajs/ and src/tail.ts',
  winston: 'src/logging.ts',
  'prom-client': 'src/metrics/ and src/operations/',
  convict: 'src/config/',
  express: 'src/http/ and src/operations/',
  '@platformatic/wasm-utils': 'src/producer/compression/wasm.ts',
}

const restrictedLibraries = (allowed) => ({
  'no-restricted-imports': [
    'error',
    {
      patterns: Object.entries(libraryHomes)
        .filter(([name]) => !allowed.includes(name))
        .map(([name, home]) => ({
          regex: `^${name}(/|$)`,
          message: `${name} is imported in ${home} only.`,
        })),
    },
  ],
})

const PARTS_OF_A_SERVICE = [
  './src/producer',
  './src/config',
  './src/metrics',
  './src/http',
  './src/operations',
]

/** Imports run one way: main -> workers -> service -> {http, operations, producer, ...} -> {config, errors, clock, metrics}. */
const directions = {
  'import-x/no-restricted-paths': [
    'error',
    {
      basePath: import.meta.dirname,
      zones: [
        { target: './src/embedded-broker', from: './src', except: ['./embedded-broker'] },
        {
          target: './src/producer',
          from: './src',
          except: ['./producer', './errors.ts', './clock.ts', './invariant.ts', './quotable.ts'],
        },
        {
          target: './src/config',
          from: './src',
          except: ['./config', './errors.ts', './invariant.ts', './quotable.ts'],
        },
        { target: './src/metrics', from: './src', except: ['./metrics'] },
        { target: './src/errors.ts', from: './src' },
        { target: './src/clock.ts', from: './src' },
        { target: './src/quotable.ts', from: './src' },
        {
          target: './src/http',
          from: './src',
          except: [
            './http',
            './producer/producer.ts',
            './producer/types.ts',
            './producer/delivery-errors.ts',
            './errors.ts',
            './clock.ts',
            './invariant.ts',
            './metrics',
            './logging.ts',
            './config/types.ts',
          ],
        },
        {
          target: './src/operations',
          from: './src',
          except: [
            './operations',
            './http/http-server.ts',
            './http/limits.ts',
            './producer/types.ts',
            './errors.ts',
            './clock.ts',
            './invariant.ts',
            './metrics',
            './logging.ts',
            './logging',
          ],
        },
        {
          target: PARTS_OF_A_SERVICE,
          from: './src/service.ts',
        },
        {
          target: [...PARTS_OF_A_SERVICE, './src/service.ts'],
          from: './src/workers',
        },
      ],
    },
  ],
}

export default defineConfig(
  { ignores: ['dist/', 'coverage/', '.kafka/'] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js'] })] },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
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
  { files: ['src/**'], rules: { ...directions, ...restrictedLibraries([]) } },
  { files: ['src/producer/kafkajs/**', 'src/tail.ts'], rules: restrictedLibraries(['kafkajs']) },
  {
    files: ['src/producer/compression/wasm.ts'],
    rules: restrictedLibraries(['@platformatic/wasm-utils']),
  },
  { files: ['src/logging.ts'], rules: restrictedLibraries(['winston']) },
  { files: ['src/metrics/**'], rules: restrictedLibraries(['prom-client']) },
  { files: ['src/config/**'], rules: restrictedLibraries(['convict']) },
  { files: ['src/http/**', 'src/operations/**'], rules: restrictedLibraries(['express']) },
  {
    files: ['test/**', 'scripts/**', 'bench/**'],
    rules: {
      'no-console': 'off',
      'max-lines': 'off',
      '@typescript-eslint/consistent-type-assertions': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    files: ['*.config.ts', '*.config.js', '**/*.d.ts'],
    rules: { 'import-x/no-default-export': 'off' },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
  prettier,
)
