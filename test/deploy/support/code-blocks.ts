import { readFileSync } from 'node:fs'

/** The blocks of code in a language that a page has. */
export function codeBlocks(page: string, language: string): string[] {
  const text = readFileSync(page, 'utf8')
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , code = '']) => code)
}

/** The lines of all its blocks of commands, and the commands within its text. */
export function commandsOf(page: string, program: string): string[] {
  const lines = codeBlocks(page, 'sh').flatMap((code) => code.split('\n'))
  const inText = [...readFileSync(page, 'utf8').matchAll(/`([^`\n]+)`/g)].map(
    ([, code = '']) => code,
  )
  return [...lines, ...inText].filter(
    (line) => line.startsWith(`${program} `) && line.split(' ').length > 2,
  )
}
