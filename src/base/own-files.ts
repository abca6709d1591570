/** Where the files of the program are that are read or started by their name. */
import { extname } from 'node:path'

/** The folder of the program: `src`, or `dist`, where this module is in a file in `dist/chunks`. */
const PROGRAM = new URL('../', import.meta.url)
/** `.ts`, or `.js` in `dist`. */
const EXTENSION = extname(import.meta.url)

/** The address of a file. @param path - from the folder of the program */
export const ownFile = (path: string): URL => new URL(path, PROGRAM)

/** The address of a module. @param path - from the folder of the program, without its extension */
export const ownModule = (path: string): URL => ownFile(path + EXTENSION)
