/** Makes the bytes of records readable. Pure: what comes out are texts, which the page shows as text nodes. */

/**
 * Bytes as kprf sends them.
 *
 * @typedef {{ shown: string, isText: boolean, bytes: number, shownBytes: number }} SeenBytes
 */

/**
 * A part of a text, and what it is in JSON.
 *
 * @typedef {{ text: string, kind: 'name' | 'string' | 'number' | 'word' | 'plain' }} Token
 */

/**
 * Bytes, ready to be shown.
 *
 * @typedef {{ tokens: Token[], isJson: boolean, note: string }} Readable
 */

/** Beyond so many characters JSON has no colours: each coloured part is an element. */
const COLOURED_LENGTH = 4_096

/**
 * Control characters but tab and line break, and characters that change the direction or the look of what follows: a
 * reader must see that they are there.
 */
const HIDDEN =
  /[\0-\b\v-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

const numberFormat = new Intl.NumberFormat('en')

/** @param {number} count */
export function counted(count, one = '', many = `${one}s`) {
  return `${numberFormat.format(count)} ${count === 1 ? one : many}`
}

/**
 * A text of which every character can be seen.
 *
 * @param {string} text
 */
export function visible(text) {
  return text.replace(HIDDEN, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase()
    return `⟨U+${code.padStart(4, '0')}⟩`
  })
}

/**
 * @param {SeenBytes | null} seen
 * @param {string} nothing what to say of null
 * @returns {Readable}
 */
export function readable(seen, nothing) {
  if (seen === null) return { tokens: [], isJson: false, note: nothing }
  const { shown, isText, bytes, shownBytes } = seen
  const isCut = shownBytes < bytes
  const cut = isCut
    ? `the first ${numberFormat.format(shownBytes)} of ${counted(bytes, 'byte')}`
    : ''
  if (!isText) {
    const note = isCut
      ? `not UTF-8 text: ${cut}, in base64`
      : `not UTF-8 text: ${counted(bytes, 'byte')}, in base64`
    return { tokens: [{ text: shown, kind: 'plain' }], isJson: false, note }
  }
  if (bytes === 0) return { tokens: [], isJson: false, note: 'empty' }
  const json = isCut ? undefined : prettyJson(shown)
  if (json !== undefined) return { tokens: json, isJson: true, note: '' }
  return { tokens: [{ text: visible(shown), kind: 'plain' }], isJson: false, note: cut }
}

/** Deeper JSON stays as it is: its lines would be mostly white space. */
const MAX_DEPTH = 40

/** The tokens of JSON: a string, a bracket or comma or colon, or whatever else is between white space. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g

/**
 * An object or an array in JSON on lines of its own. Its numbers and strings stay as they are written: JavaScript would
 * round the numbers.
 *
 * @param {string} text
 * @returns {Token[] | undefined} `undefined` if it is not such JSON, or nested too deeply.
 */
export function prettyJson(text) {
  if (!/^\s*[[{]/.test(text) || !isJson(text)) return undefined
  const parts = text.match(TOKEN) ?? []
  /** @type {Token[]} */
  const tokens = []
  let indent = ''
  const line = () => tokens.push({ text: `\n${indent}`, kind: 'plain' })
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1]
    if (part === '{' || part === '[') {
      tokens.push({ text: part, kind: 'plain' })
      if (next === '}' || next === ']') continue
      indent += '  '
      if (indent.length > 2 * MAX_DEPTH) return undefined
      line()
    } else if (part === '}' || part === ']') {
      const before = parts[index - 1]
      if (before !== '{' && before !== '[') {
        indent = indent.slice(2)
        line()
      }
      tokens.push({ text: part, kind: 'plain' })
    } else if (part === ',') {
      tokens.push({ text: ',', kind: 'plain' })
      line()
    } else if (part === ':') {
      tokens.push({ text: ': ', kind: 'plain' })
    } else {
      tokens.push({ text: visible(part), kind: kindOf(part, next) })
    }
  }
  return text.length > COLOURED_LENGTH
    ? [{ text: tokens.map((one) => one.text).join(''), kind: 'plain' }]
    : tokens
}

/**
 * @param {string} part
 * @param {string | undefined} next
 * @returns {Token['kind']}
 */
function kindOf(part, next) {
  if (part.startsWith('"')) return next === ':' ? 'name' : 'string'
  return /^[-\d]/.test(part) ? 'number' : 'word'
}

/** @param {string} text */
function isJson(text) {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
