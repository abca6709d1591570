/** How commands show the bytes of records. */

/** Whether the bytes are UTF-8. */
export function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes)
}

/** Escapes control characters, with which a record could move the cursor of the terminal. */
export function textOf(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/\p{Cc}/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
