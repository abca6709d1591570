/** Before all tests of containers: the engine, the base images and the image of kprf. After them nothing is left. */
import type { TestProject } from 'vitest/node'
import { allOf } from '../support/until.ts'
import { build, provideBaseImages } from './engine/base-images.ts'
import { commit } from './engine/commit.ts'
import { provideCompose } from './engine/compose-plugin.ts'
import { docker, type EngineAddress } from './engine/docker.ts'
import { startEngine } from './engine/engine.ts'
import { REPOSITORY } from './engine/folders.ts'
import { requirePrograms } from './engine/programs.ts'
import { removeRemainsOfDeadRuns } from './engine/remains.ts'

declare module 'vitest' {
  interface ProvidedContext {
    engine: EngineAddress
  }
}

/** Vitest runs this once, and what it returns at the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await requirePrograms()
  await removeRemainsOfDeadRuns()
  const { stop, ...address } = await startEngine()
  try {
    await allOf([provideCompose(address), provideImages(address)])
  } catch (error) {
    await stop()
    throw error
  }
  project.provide('engine', address)
  return stop
}

async function provideImages(engine: EngineAddress): Promise<void> {
  await provideBaseImages(engine)
  console.log('building the image of kprf')
  await docker(engine, ...build('kprf'), `--build-arg=COMMIT_HASH=${await commit()}`, REPOSITORY)
}
