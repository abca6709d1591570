import { webhookPrincipal } from '../../base/principal.ts'
import { wildcardMatcher } from '../../base/wildcard.ts'
import type { Rule, Settled } from './rule.ts'

/** Warnings for webhooks whose every record would be refused. */
export const WEBHOOK_ADVICE: readonly Rule[] = [
  {
    keys: ['http.webhooks', 'http.topics.allow'],
    rule: 'The `topic` of each of `http.webhooks` should be one that `http.topics.allow` allows.',
    violation: topicThatIsClosed,
  },
  {
    keys: ['http.webhooks', 'http.acl'],
    rule: 'With `http.acl`, a rule should allow `webhook:` and the path of each verified webhook to write to its `topic`.',
    violation: webhookWithoutRight,
  },
]

function topicThatIsClosed({ http }: Settled): string | undefined {
  if (http.topics.allow.length === 0) return undefined
  const isOpen = wildcardMatcher(http.topics.allow)
  const index = http.webhooks.findIndex(({ topic }) => !isOpen(topic))
  return index === -1
    ? undefined
    : `http.webhooks[${index}] is for a topic that http.topics.allow does not allow: all of its records are refused`
}

function webhookWithoutRight({ http: { acl, webhooks } }: Settled): string | undefined {
  if (acl.length === 0) return undefined
  const rules = acl
    .filter(({ allow }) => allow.includes('produce'))
    .map((rule) => ({
      isOf: wildcardMatcher(rule.principals),
      fits: wildcardMatcher(rule.topics),
    }))
  const index = webhooks.findIndex(({ path, topic, verify }) => {
    const { name } = webhookPrincipal(path)
    return verify !== undefined && !rules.some(({ isOf, fits }) => isOf(name) && fits(topic))
  })
  const found = webhooks[index]
  return (
    found &&
    `http.webhooks[${index}]: http.acl does not allow ${webhookPrincipal(found.path).name} to write to ${found.topic}: all of its records are refused`
  )
}
