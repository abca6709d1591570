/**
 * Modules of Node.js that are not imported, because of what an import costs at the start of kprf.
 *
 * `import ... from 'node:http'` reads every export of the module, and some of them load Node's WebSocket client, undici:
 * 14 MiB and 15 ms in each thread (Node 26). `node:tls` is 7 MiB, and without TLS nothing needs it.
 */

/** `node:http`. */
export const http = process.getBuiltinModule('node:http')

/** Loads `node:https` at its first use. */
export const https = (): typeof import('node:https') => process.getBuiltinModule('node:https')

/** Loads `node:tls` at its first use. */
export const tls = (): typeof import('node:tls') => process.getBuiltinModule('node:tls')
