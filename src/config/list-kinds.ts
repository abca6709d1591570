/** The kinds of values that are lists of objects or names. */
import { isTexts, type Kind } from './kinds.ts'
import {
  ACL_ALLOWED,
  aclErrorMessage,
  type AclRuleInFile,
  isTopicPattern,
  TOKENS_ALLOWED,
  type TokenInFile,
  tokensErrorMessage,
} from './lists/access-lists.ts'
import { QUOTAS_ALLOWED, quotasErrorMessage, type QuotaInFile } from './lists/quotas.ts'
import { rulesErrorMessage, RULES_ALLOWED, type RuleInFile } from './lists/ratelimit-rules.ts'
import { WEBHOOKS_ALLOWED, webhooksErrorMessage, type WebhookInFile } from './lists/webhooks.ts'

/** The rules of `ratelimit.rules`. */
export function rateLimitRules(): Kind<readonly RuleInFile[]> {
  return {
    ...{ type: 'rate limit rules', allowed: RULES_ALLOWED },
    accepts: (value): value is readonly RuleInFile[] => rulesErrorMessage(value) === undefined,
    hint: (value) => `; ${rulesErrorMessage(value) ?? ''}`,
  }
}

/** The tokens of `http.auth.tokens`. */
export function tokens(): Kind<readonly TokenInFile[]> {
  return {
    ...{ type: 'tokens', allowed: TOKENS_ALLOWED },
    accepts: (value): value is readonly TokenInFile[] => tokensErrorMessage(value) === undefined,
    hint: (value) => `; ${tokensErrorMessage(value) ?? ''}`,
  }
}

/** The rules of `http.acl`. */
export function accessRules(): Kind<readonly AclRuleInFile[]> {
  return {
    ...{ type: 'access rules', allowed: ACL_ALLOWED },
    accepts: (value): value is readonly AclRuleInFile[] => aclErrorMessage(value) === undefined,
    hint: (value) => `; ${aclErrorMessage(value) ?? ''}`,
  }
}

/** The rules of `http.quotas`. */
export function quotas(): Kind<readonly QuotaInFile[]> {
  return {
    ...{ type: 'quotas', allowed: QUOTAS_ALLOWED },
    accepts: (value): value is readonly QuotaInFile[] => quotasErrorMessage(value) === undefined,
    hint: (value) => `; ${quotasErrorMessage(value) ?? ''}`,
  }
}

/** The webhooks of `http.webhooks`. */
export function webhooks(): Kind<readonly WebhookInFile[]> {
  return {
    ...{ type: 'webhooks', allowed: WEBHOOKS_ALLOWED },
    accepts: (value): value is readonly WebhookInFile[] =>
      webhooksErrorMessage(value) === undefined,
    hint: (value) => `; ${webhooksErrorMessage(value) ?? ''}`,
  }
}

/** Names of topics, in which `*` is any text. */
export function topicPatterns(): Kind<readonly string[]> {
  return {
    type: 'topic patterns',
    allowed: 'a list of names of topics, in which * is any text',
    accepts: (value): value is readonly string[] => isTexts(value) && value.every(isTopicPattern),
  }
}

/**
 * A list of texts.
 *
 * @param problemOf - says what is wrong with a text, in words that follow "entry 2"; undefined if it is right.
 */
export function textList(
  allowed: string,
  problemOf: (text: string) => string | undefined,
): Kind<readonly string[]> {
  return {
    ...{ type: 'text list', allowed },
    accepts: (value): value is readonly string[] =>
      isTexts(value) && value.every((text) => problemOf(text) === undefined),
    hint: (value) => {
      const problems = isTexts(value) ? value.map(problemOf) : []
      const first = problems.findIndex((problem) => problem !== undefined)
      return first === -1 ? '' : `; entry ${first + 1} ${problems[first] ?? ''}`
    },
  }
}
