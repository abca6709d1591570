import { defineConfig } from 'rolldown'

/**
 * Builds `dist`: kprf in a few files, because finding and linking hundreds of modules takes a quarter of a start. What
 * is imported at its first use stays in a file of its own. Libraries stay in `node_modules`: what `npm audit` and the
 * image's list of components name is what runs.
 */
export default defineConfig({
  input: {
    main: 'src/main.ts',
    'operations/thread/entry': 'src/operations/thread/entry.ts',
  },
  platform: 'node',
  external: /^[^./]/,
  logLevel: 'warn',
  output: {
    dir: 'dist',
    cleanDir: true,
    // One folder below `dist`, on which src/base/own-files.ts relies.
    chunkFileNames: 'chunks/[name].js',
    sourcemap: true,
    sourcemapExcludeSources: true,
  },
})
