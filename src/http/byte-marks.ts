/**
 * Creates a table of 256 bytes with a 1 for each of the characters. One look-up is ten times as fast as a
 * comparison with each of them.
 *
 * @param characters - ASCII only.
 */
export function byteMarks(characters: string): Uint8Array {
  const marks = new Uint8Array(256)
  for (const byte of Buffer.from(characters)) marks[byte] = 1
  return marks
}
