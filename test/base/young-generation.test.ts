import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { USUAL_BYTES, YoungGenerationPolicy } from '../../src/base/young-generation.ts'

const USED_UP_TO = USUAL_BYTES / 8

/** The answers to this many collections, each of which left as many bytes in use. */
function answers(policy: YoungGenerationPolicy, count: number, used: number, capacity: number) {
  return Array.from({ length: count }, () => policy.mayGrow(used, capacity))
}

describe('the young generation may grow', () => {
  it('up to 4 MiB, however little of it is in use', () => {
    const policy = new YoungGenerationPolicy()
    expect(policy.mayGrow(0, USUAL_BYTES / 4)).toBe(true)
    expect(policy.mayGrow(0, USUAL_BYTES / 2)).toBe(true)
    expect(policy.mayGrow(0, USUAL_BYTES)).toBe(false)
  })

  it('no further if V8 takes a part of its pages for itself', () => {
    expect(new YoungGenerationPolicy().mayGrow(0, USUAL_BYTES - 100_000)).toBe(false)
  })

  it('further after 32 collections that left more than an eighth of it in use, and not after 31', () => {
    const policy = new YoungGenerationPolicy()
    expect(answers(policy, 31, USED_UP_TO + 1, USUAL_BYTES)).not.toContain(true)
    expect(policy.mayGrow(USED_UP_TO + 1, USUAL_BYTES)).toBe(true)
  })

  it('no further while collections leave an eighth of it in use', () => {
    const policy = new YoungGenerationPolicy()
    expect(answers(policy, 100, USED_UP_TO, USUAL_BYTES)).not.toContain(true)
  })

  it('no further if as many collections leave little in use as leave much', () => {
    const policy = new YoungGenerationPolicy()
    for (let count = 0; count < 100; count += 1) {
      expect(policy.mayGrow(USUAL_BYTES, USUAL_BYTES)).toBe(false)
      expect(policy.mayGrow(0, USUAL_BYTES)).toBe(false)
    }
  })

  it('at once no further when a collection leaves little in use again', () => {
    const policy = new YoungGenerationPolicy()
    answers(policy, 100, USUAL_BYTES, USUAL_BYTES)
    expect(policy.mayGrow(0, USUAL_BYTES)).toBe(false)
    expect(policy.mayGrow(USUAL_BYTES, USUAL_BYTES)).toBe(true)
  })

  it('one step at a time: after it has grown, the collections are counted anew', () => {
    const policy = new YoungGenerationPolicy()
    answers(policy, 32, USUAL_BYTES, USUAL_BYTES)
    expect(answers(policy, 31, 2 * USUAL_BYTES, 2 * USUAL_BYTES)).not.toContain(true)
    expect(policy.mayGrow(2 * USUAL_BYTES, 2 * USUAL_BYTES)).toBe(true)
  })
})

/** Creates garbage in many turns, of which this many objects stay in use, and prints the size of one half, MiB. */
const LOAD = `
const { getHeapSpaceStatistics } = await import('node:v8')
const { boundYoungGeneration } = await import('./src/base/young-generation.ts')
if (process.argv[1] === 'bounded') boundYoungGeneration()
const kept = Array.from({ length: Number(process.argv[2]) })
let created = 0
for (let turn = 0; turn < 8000; turn += 1) {
  for (let object = 0; object < 2000; object += 1) {
    kept[created % kept.length] = { created, list: [created] }
    created += 1
  }
  await new Promise(setImmediate)
}
const { space_used_size, space_available_size } = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
console.log(Math.round((space_used_size + space_available_size) / 1048576))
`

async function halfMib(
  kind: 'bounded' | 'free',
  kept: number,
  options: readonly string[] = [],
): Promise<number> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...options, '--input-type=module', '--eval', LOAD, kind, String(kept)],
    { cwd: join(import.meta.dirname, '..', '..'), env: { ...process.env, NODE_OPTIONS: '' } },
  )
  return Number(stdout)
}

describe('the young generation of a process', () => {
  it('stays at 4 MiB if little of it is in use, where V8 would have it grow', async () => {
    expect(await halfMib('bounded', 400)).toBe(4)
    expect(await halfMib('free', 400)).toBeGreaterThan(4)
  })

  it('grows if much of it is in use', async () => {
    expect(await halfMib('bounded', 12_000)).toBeGreaterThan(4)
  })

  it('is left alone if an option of Node.js sets its size', async () => {
    expect(await halfMib('bounded', 400, ['--max-semi-space-size=16'])).toBeGreaterThan(4)
  })
})
