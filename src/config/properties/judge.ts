import type { NamedProperty } from './catalog.ts'
import { parseValue } from './parse-value.ts'
import type { PropertyWords } from './property.ts'

/** The verdict on a property with a value, for the configuration and for `config explain`. */
export type Judgement =
  /** It has an effect; the warning says why this value is dangerous. */
  | { readonly status: 'taken'; readonly value: unknown; readonly warning?: string }
  /** It has no effect; the reason is absent if kprf does the same anyway. */
  | { readonly status: 'ignored'; readonly reason?: string }
  /** kprf does not support it, or not with this value. */
  | { readonly status: 'refused'; readonly reason: string; readonly value?: string }
  /** The value is wrong, in librdkafka too. */
  | { readonly status: 'wrong'; readonly message: string }

/** Judges a value as the user wrote it. */
export function judge(named: NamedProperty, given: unknown): Judgement {
  const { property } = named
  const { note: reason } = property
  const isUnconditional = property.verdict === 'consumer' || property.kind.type === 'API'
  if (isUnconditional) return { status: 'refused', reason }
  const parsed = parseValue(named, given)
  if (parsed.status === 'wrong') return parsed
  const { value } = parsed
  const word = String(value).toLowerCase()
  switch (property.verdict) {
    case 'key':
    case 'own': {
      const refusal = property.refuses?.[word] ?? refusalOfNumber(property, value)
      if (refusal !== undefined) return { status: 'refused', reason: refusal, value: String(value) }
      const warning = property.warns?.[word]
      return { status: 'taken', value, ...(warning !== undefined && { warning }) }
    }
    case 'ignored':
      return word === property.asIs ? { status: 'ignored' } : { status: 'ignored', reason }
    case 'refused':
      return word === property.asIs ? { status: 'ignored' } : { status: 'refused', reason }
  }
}

function refusalOfNumber({ refusesMoreThan }: PropertyWords, value: unknown): string | undefined {
  return refusesMoreThan && Number(value) > refusesMoreThan.max ? refusesMoreThan.reason : undefined
}

/** The words to print after the name of the property; undefined if it simply has its effect. */
export function wordsOf(judgement: Judgement): string | undefined {
  switch (judgement.status) {
    case 'taken':
      return judgement.warning
    case 'ignored':
      return judgement.reason === undefined ? undefined : `has no effect: ${judgement.reason}`
    case 'refused': {
      const { value, reason } = judgement
      return `${value === undefined ? '' : `${value || 'an empty value'} is `}not supported: ${reason}`
    }
    case 'wrong':
      return judgement.message
  }
}
