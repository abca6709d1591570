/** Writes `src/producer/crc32c-module.ts`, the CRC-32C loop as WebAssembly: `npm run generate:crc32c`. */
import { writeFileSync } from 'node:fs'
import wabt from 'wabt'
import { scriptArguments } from './arguments.ts'

scriptArguments('Usage: npm run generate:crc32c', {})

/** Looks up the four bytes of `word`: the first in slice `slice`, the others in the slices below. */
function lookUp(word: string, slice: number): string {
  const entry = (below: number, index: string): string =>
    `(i32.load offset=${(slice - below) * 1024} ${index})`
  return `(i32.xor
    (i32.xor
      ${entry(0, `(i32.shl (i32.and (local.get ${word}) (i32.const 0xff)) (i32.const 2))`)}
      ${entry(1, `(i32.and (i32.shr_u (local.get ${word}) (i32.const 6)) (i32.const 0x3fc))`)})
    (i32.xor
      ${entry(2, `(i32.and (i32.shr_u (local.get ${word}) (i32.const 14)) (i32.const 0x3fc))`)}
      ${entry(3, `(i32.shl (i32.shr_u (local.get ${word}) (i32.const 24)) (i32.const 2))`)}))`
}

/**
 * Two pages of memory: 16 slices of the table from 0 on, then the bytes. Sixteen look-ups consume sixteen bytes
 * at a time; the last few are looked up one by one.
 */
const TEXT = `(module
  (memory (export "memory") 2)
  (func (export "update") (param $at i32) (param $end i32) (param $crc i32) (result i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32) (local $last i32)
    (local.set $last (i32.sub (local.get $end) (i32.const 16)))
    (block $done (loop $next
      (br_if $done (i32.gt_s (local.get $at) (local.get $last)))
      (local.set $a (i32.xor (local.get $crc) (i32.load (local.get $at))))
      (local.set $b (i32.load offset=4 (local.get $at)))
      (local.set $c (i32.load offset=8 (local.get $at)))
      (local.set $d (i32.load offset=12 (local.get $at)))
      (local.set $crc (i32.xor
        (i32.xor ${lookUp('$a', 15)} ${lookUp('$b', 11)})
        (i32.xor ${lookUp('$c', 7)} ${lookUp('$d', 3)})))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $next)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $crc (i32.xor
        (i32.shr_u (local.get $crc) (i32.const 8))
        (i32.load (i32.shl
          (i32.and (i32.xor (local.get $crc) (i32.load8_u (local.get $at))) (i32.const 0xff))
          (i32.const 2)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next)))
    (local.get $crc)))`

/** The text of the module. */
export async function crc32cModule(): Promise<string> {
  const tools = await wabt()
  const { buffer } = tools.parseWat('crc32c.wat', TEXT).toBinary({})
  const lines =
    Buffer.from(buffer)
      .toString('base64')
      .match(/.{1,100}/g) ?? []
  return `// Made by \`npm run generate:crc32c\`.

/** Memory \`memory\`, and \`update(at, end, crc)\`; see scripts/generate-crc32c.ts. Base64. */
export const CRC32C_MODULE = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('')
`
}

if (import.meta.main) {
  const path = new URL('../src/producer/crc32c-module.ts', import.meta.url)
  writeFileSync(path, await crc32cModule())
}
