/** Writes HTML: whatever is put into a template is escaped, unless it is HTML itself. */

/** Text that is HTML. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Html | readonly Html[]

/** Makes HTML of a template. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const written = texts.map((text, index) => text + textOf(parts[index] ?? ''))
  return new Html(written.join(''))
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.text
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part))
  return part.map(({ text }) => text).join('')
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** Makes HTML of a description: `code` becomes code, and lines that begin with a hyphen a list. */
export function prose(text: string): Html {
  const lines = text.split('\n')
  const isList = lines.every((line) => line.startsWith('- '))
  if (!isList) return html`${text.split('\n\n').map((one) => html`<p>${inline(one)}</p>`)}`
  return html`<ul>
    ${lines.map((line) => html`<li>${inline(line.slice(2))}</li>`)}
  </ul>`
}

/** The same within a paragraph. */
export function inline(text: string): Html {
  const pieces = text.split('`')
  return html`${pieces.map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : html`${piece}`))}`
}
