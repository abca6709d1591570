import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wildcardMatcher } from '../../src/base/wildcard.ts'
import { type AclRule, Permissions } from '../../src/ingest/permissions.ts'

const ACL: readonly AclRule[] = [
  { principals: ['shop', 'shop-*'], topics: ['orders.*', 'carts'], allow: ['produce'] },
  { principals: ['audit'], topics: ['*'], allow: ['describe'] },
  { principals: ['*'], topics: ['public'], allow: ['produce', 'describe'] },
]

describe('permissions', () => {
  it.each([
    ['shop', 'orders.new', undefined],
    ['shop-2', 'orders.', undefined],
    ['shop', 'carts', undefined],
    ['shop', 'orders', 'acl'],
    ['shop', 'xorders.new', 'acl'],
    ['sho', 'orders.new', 'acl'],
    ['anonymous', 'public', undefined],
    ['anonymous', 'orders.new', 'acl'],
    ['audit', 'orders.new', 'acl'],
    ['audit', 'public', undefined],
    ['audit', '__consumer_offsets', 'internal'],
  ])('say of %s and the topic %s: %s', (principal, topic, answer) => {
    const permissions = new Permissions({ acl: ACL, topics: [] })

    expect(permissions.whyNotProduce(principal, topic)).toBe(answer)
    expect(permissions.whyNotProduce(principal, topic)).toBe(answer)
  })

  it.each([
    ['shop', 'orders.new', false],
    ['audit', 'orders.new', true],
    ['shop', 'public', true],
    ['audit', '__consumer_offsets', false],
  ])('let %s be told about %s: %s', (principal, topic, answer) => {
    expect(new Permissions({ acl: ACL, topics: [] }).mayDescribe(principal, topic)).toBe(answer)
  })

  it('limit the topics of everybody, also without rules for principals', () => {
    const permissions = new Permissions({ acl: [], topics: ['public.*', '*'.repeat(3)] })

    expect(permissions.hasRules).toBe(true)
    expect(permissions.whyNotProduce('anonymous', 'public.a')).toBeUndefined()
    expect(permissions.whyNotProduce('anonymous', '__a')).toBe('internal')
    expect(
      new Permissions({ acl: [], topics: ['public.*'] }).whyNotProduce('anonymous', 'private'),
    ).toBe('topics')
    const limited = new Permissions({ acl: [], topics: ['public.*'] })
    expect(limited.mayDescribe('anonymous', 'public.a')).toBe(true)
    expect(limited.mayDescribe('anonymous', 'private')).toBe(false)
  })

  it('forbid nothing without rules', () => {
    const permissions = new Permissions({ acl: [], topics: [] })

    expect(permissions.hasRules).toBe(false)
    expect(permissions.mayDescribe('anonymous', 'a')).toBe(true)
    expect(permissions.mayDescribe('anonymous', '__a')).toBe(false)
  })

  it('answer the same for more topics and principals than they remember', () => {
    const permissions = new Permissions({ acl: ACL, topics: [] })

    const answers = new Set<string | undefined>()
    for (let count = 0; count < 60_000; count += 1) {
      answers.add(permissions.whyNotProduce('shop', `orders.${count}`))
      answers.add(permissions.whyNotProduce(`shop-${count}`, 'carts'))
    }
    expect([...answers]).toEqual([undefined])
    expect(permissions.whyNotProduce('shop', 'other')).toBe('acl')
  })
})

describe('a wildcard matcher', () => {
  const letters = fc
    .array(fc.constantFrom('a', 'b', '*'), { maxLength: 8 })
    .map((all) => all.join(''))
  const text = fc.array(fc.constantFrom('a', 'b'), { maxLength: 12 }).map((all) => all.join(''))

  it('says what a regular expression says', () => {
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 4 }), text, (patterns, name) => {
        const expected = patterns.some((pattern) =>
          new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name),
        )
        expect(wildcardMatcher(patterns)(name)).toBe(expected)
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes no longer for patterns with many stars', () => {
    const matches = wildcardMatcher([`${'a*'.repeat(100)}c`])

    expect(matches('a'.repeat(10_000))).toBe(false)
  })
})
