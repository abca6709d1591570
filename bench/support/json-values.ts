/** Text that compresses like typical JSON: names repeat, numbers do not. */
const WORDS = [
  'created',
  'paid',
  'shipped',
  'returned',
  'Berlin',
  'Paris',
  'Moscow',
  'card',
  'cash',
]

/** Makes `count` values of `bytes` bytes each; the same each time. */
export function jsonValues(count: number, bytes: number): string[] {
  let state = 1
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state % limit
  }
  const word = (): string => WORDS[below(WORDS.length)] ?? ''
  return Array.from({ length: count }, () => {
    let text = ''
    while (text.length < bytes) {
      text += `{"order_id":${below(1e9)},"status":"${word()}","city":"${word()}","amount":${below(1e5) / 100}},`
    }
    return text.slice(0, bytes)
  })
}
