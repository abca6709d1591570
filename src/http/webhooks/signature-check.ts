/** Verifies the signature of a webhook over the bytes that were sent. Pure. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { type Claim, type Scheme, type SchemeName, SCHEMES } from './schemes.ts'

/** How the signatures of a webhook are verified. */
export interface SignatureSettings {
  readonly scheme: SchemeName
  /** Each is tried: while a secret is changed there are two. At least one. */
  readonly secrets: readonly string[]
  /** The header with the signature; for the schemes `hmac_...` only. */
  readonly header: string
  /** How far the time of the sender may be from that of kprf, seconds; for schemes that sign the time. */
  readonly toleranceS: number
}

/** Why a webhook is refused: it has no signature of the scheme, a wrong one, or one of another time. */
export type SignatureRefusal = 'unsigned' | 'signature' | 'timestamp'

/** What is wrong with a request. */
export interface SignatureProblem {
  readonly reason: SignatureRefusal
  /** For the sender; it repeats nothing of the request. */
  readonly message: string
}

const WRONG: SignatureProblem = {
  reason: 'signature',
  message: 'the signature does not match the body: the secret is another, or the body was changed',
}

/** Verifies the signatures of one webhook. */
export class SignatureCheck {
  readonly #scheme: Scheme
  readonly #keys: readonly Buffer[]
  readonly #header: string
  readonly #toleranceS: number

  constructor({ scheme, secrets, header, toleranceS }: SignatureSettings) {
    this.#scheme = SCHEMES[scheme]
    this.#keys = secrets.map(this.#scheme.keyOf)
    this.#header = header.toLowerCase()
    this.#toleranceS = toleranceS
  }

  /**
   * Says what is wrong with a request; `undefined` if its signature is right.
   *
   * @param epochMs - the time, milliseconds since 1970.
   */
  problemOf(
    headers: IncomingHttpHeaders,
    body: Buffer,
    epochMs: number,
  ): SignatureProblem | undefined {
    const claim = this.#scheme.claimOf(headers, this.#header)
    if ('message' in claim) return { reason: 'unsigned', message: claim.message }
    // First, so that only who knows the secret hears of the time.
    if (!this.#isSigned(claim, body)) return WRONG
    return this.#timeProblem(claim, epochMs)
  }

  /** Takes the same time for each wrong signature, and tries all secrets. */
  #isSigned({ hash, prefix, signatures }: Claim, body: Buffer): boolean {
    let isRight = false
    for (const key of this.#keys) {
      // Node.js reads headers as Latin-1, so that these are the bytes that were sent.
      const expected = createHmac(hash, key).update(prefix, 'latin1').update(body).digest()
      for (const signature of signatures) {
        isRight = timingSafeEqual(signature, expected) || isRight
      }
    }
    return isRight
  }

  #timeProblem({ signedAtS }: Claim, epochMs: number): SignatureProblem | undefined {
    if (signedAtS === undefined) return undefined
    const ageS = Math.floor(epochMs / 1000) - signedAtS
    if (Math.abs(ageS) <= this.#toleranceS) return undefined
    const side = ageS > 0 ? 'ago' : 'ahead'
    return {
      reason: 'timestamp',
      message: `the webhook was signed ${Math.abs(ageS)} s ${side} by the clock of kprf, and ${this.#toleranceS} s are allowed`,
    }
  }
}
