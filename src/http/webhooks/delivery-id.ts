import type { IncomingHttpHeaders } from 'node:http'
import type { JsonContent } from './json-content.ts'
import { type SchemeName, standardIdOf, textOf } from './schemes.ts'

/** As long as an `Idempotency-Key` may be. */
const MAX_CHARACTERS = 255

/**
 * Returns the id of a delivery, which its sender repeats with it; `undefined` if it has none. GitHub does not sign it,
 * the others do.
 */
export type DeliveryIdOf = (headers: IncomingHttpHeaders, json: JsonContent) => string | undefined

const ID_OF: Readonly<Partial<Record<SchemeName, DeliveryIdOf>>> = {
  github: (headers) => textOf(headers, 'x-github-delivery'),
  standard_webhooks: standardIdOf,
  // That of the event: Stripe delivers an event anew with another body, whose pending_webhooks has changed.
  stripe: (_, json) => json.textAt(['id']),
  slack: (_, json) => json.textAt(['event_id']),
}

/** Finds the ids of the deliveries of a scheme; `undefined` if it has none. */
export function deliveryIds(scheme: SchemeName): DeliveryIdOf | undefined {
  const idOf = ID_OF[scheme]
  return (
    idOf &&
    ((headers, json) => {
      const id = idOf(headers, json)
      return id === undefined || id === '' || id.length > MAX_CHARACTERS ? undefined : id
    })
  )
}
