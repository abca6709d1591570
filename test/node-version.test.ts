import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { complaintOfNode } from '../src/node-version.ts'

describe('complaintOfNode', () => {
  it.each([['20.20.2'], ['22.18.9'], ['22.9.0']])('refuses Node.js %s', (version) => {
    expect(complaintOfNode(version)).toBe(`kprf needs Node.js 22.19 or newer; this is ${version}`)
  })

  it.each([['22.19.0'], ['22.20.1'], ['24.0.0'], ['26.10.0']])('takes Node.js %s', (version) => {
    expect(complaintOfNode(version)).toBeUndefined()
  })

  it('asks for what package.json asks for', () => {
    const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
    const { engines } = JSON.parse(manifest) as { engines: { node: string } }

    expect(engines.node).toBe('>=22.19')
  })
})
