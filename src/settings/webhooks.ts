/** Converts `http.webhooks` to the options of their routes. */
import { readFileSync } from 'node:fs'
import { ProxyError } from '../base/errors.ts'
import { fileProblem, quotedPath } from '../base/quotable.ts'
import { secretsProblem } from '../config/lists/webhook-verify.ts'
import type { Config } from '../config/types.ts'
import type { SignatureSettings } from '../http/webhooks/signature-check.ts'
import type { WebhookSettings } from '../http/webhooks/webhook-endpoint.ts'

/** As Stripe, Slack and Standard Webhooks recommend: five minutes. */
const DEFAULT_TOLERANCE_S = 300

type Webhook = Config['http']['webhooks'][number]

/** @throws ProxyError CONFIG_INVALID if a file of secrets cannot be used. */
export function webhookSettings({ http }: Config): readonly WebhookSettings[] {
  return http.webhooks.map((webhook, index) => ({
    path: webhook.path,
    topic: webhook.topic,
    keyFrom: webhook.keyFrom,
    verify: signatureSettings(webhook, `http.webhooks[${index}].verify.secret_file`),
    answersChallenge: webhook.answerChallenge ?? false,
    // Without it, the sender would take for delivered, and never repeat, what is lost with this process.
    waits: webhook.wait ?? true,
  }))
}

function signatureSettings({ verify }: Webhook, key: string): SignatureSettings | undefined {
  if (verify === undefined) return undefined
  const { scheme, secret, secrets = [], secretFile, header = '', toleranceS } = verify
  return {
    ...{ scheme, header, toleranceS: toleranceS ?? DEFAULT_TOLERANCE_S },
    secrets:
      secretFile === undefined
        ? [...secrets, ...(secret === undefined ? [] : [secret])]
        : readSecrets(scheme, secretFile, key),
  }
}

/** One secret in each line; empty lines do not count. */
function readSecrets(
  scheme: SignatureSettings['scheme'],
  path: string,
  key: string,
): readonly string[] {
  const complain = (reason: string): never => {
    throw new ProxyError('CONFIG_INVALID', `${key}: cannot use ${quotedPath(path)}: ${reason}`)
  }
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return complain(fileProblem(error))
  }
  const secrets = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const wrong = secretsProblem(scheme, secrets)
  return wrong === undefined ? secrets : complain(`its lines must be ${wrong}`)
}
