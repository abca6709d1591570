import type { JsonContent } from './json-content.ts'

/** Longer than any challenge. The reply repeats it. */
const MAX_CHARACTERS = 1000

/**
 * The challenge of a body `{"type": "url_verification", "challenge": "..."}`, which Slack sends once when somebody enters
 * the address of a webhook (https://docs.slack.dev/reference/events/url_verification); `undefined` for other bodies.
 */
export function challengeOf(json: JsonContent): string | undefined {
  if (json.textAt(['type']) !== 'url_verification') return undefined
  const challenge = json.textAt(['challenge'])
  return challenge === undefined || challenge.length > MAX_CHARACTERS ? undefined : challenge
}
