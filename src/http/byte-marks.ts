/**
 * A table of 256 bytes with a 1 for each of the characters: one look at it is ten times as fast as to
 * compare a byte with each of them.
 *
 * @param characters - of ASCII.
 */
export function byteMarks(characters: string): Uint8Array {
  const marks = new Uint8Array(256)
  for (const byte of Buffer.from(characters)) marks[byte] = 1
  return marks
}
