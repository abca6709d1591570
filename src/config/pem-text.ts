const BLOCK = /\s*(-----BEGIN [A-Z0-9 ]+-----)([A-Za-z0-9+/=\s]*)(-----END [A-Z0-9 ]+-----)\s*/g

/**
 * Gives PEM its line ends back, which variables, `.env` files and shells lose: they become `\n` in letters, spaces,
 * or nothing. Text that is no PEM, and a key with headers, keep everything but the letters.
 */
export function withLineEnds(pem: string): string {
  return pem
    .replaceAll(/(\\r)?\\n/g, '\n')
    .replaceAll(BLOCK, (_, begin: string, body: string, end: string) => {
      const lines = body.split(/\s+/).flatMap((line) => line.match(/.{1,64}/g) ?? [])
      return [begin, ...lines, end, ''].join('\n')
    })
}
