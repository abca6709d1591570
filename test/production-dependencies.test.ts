import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

interface LockedPackage {
  readonly dev?: boolean
  /** A package of this repository. */
  readonly link?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}

const root = join(import.meta.dirname, '..')
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>
}
const production = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev)
/** Packages whose only purpose is to build or to load a native addon. */
const NATIVE_TOOLS =
  /^(node-gyp|node-gyp-build|node-pre-gyp|prebuild-install|bindings|nan|node-addon-api|@mapbox\/node-pre-gyp|@napi-rs\/.*)$/

describe('the production dependency tree', () => {
  it('is not empty, so that what follows means something', () => {
    const paths = production.map(([path]) => path)

    expect(paths).toEqual(
      expect.arrayContaining(
        ['express', 'kafkajs', 'prom-client', 'convict', 'winston'].map(
          (name) => `node_modules/${name}`,
        ),
      ),
    )
  })

  it.each(production)('%s runs no install script', (_, { hasInstallScript }) => {
    expect(hasInstallScript).toBeUndefined()
  })

  it.each(production)('%s holds no native addon', (path) => {
    const found = globSync(['**/*.node', '**/binding.gyp'], {
      cwd: join(root, path),
      exclude: ['node_modules/**'],
    })

    expect(existsSync(join(root, path, 'package.json'))).toBe(true)
    expect(found).toEqual([])
  })

  it.each(production)('%s depends on nothing that builds or loads native addons', (_, locked) => {
    const names = Object.keys(locked.dependencies ?? {})

    expect(names.filter((name) => NATIVE_TOOLS.test(name))).toEqual([])
  })

  it('has kafkajs at exactly the version whose internals the transport builds on', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    const installed = JSON.parse(
      readFileSync(join(root, 'node_modules/kafkajs/package.json'), 'utf8'),
    ) as { version: string }

    expect(manifest.dependencies['kafkajs']).toBe('2.2.4')
    expect(installed.version).toBe('2.2.4')
  })

  it('names no download address in the lock file', () => {
    const addresses = Object.values(lock.packages).filter(
      (entry) => 'resolved' in entry && entry.link !== true,
    )

    expect(addresses).toEqual([])
  })
})
