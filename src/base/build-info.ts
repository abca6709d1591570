/** Version and origin of the running build. */
import { readFileSync } from 'node:fs'
import { ownFile } from './own-files.ts'

/** A build of kprf. */
export interface BuildInfo {
  /** From package.json. */
  readonly version: string
  /** The commit it was built from; `unknown` outside a release. */
  readonly commitHash: string
}

const UNKNOWN = 'unknown'

/**
 * Reads version and commit of this build.
 *
 * @param env - `COMMIT_HASH` is set when an image is built.
 */
export function readBuildInfo(env: NodeJS.ProcessEnv): BuildInfo {
  const text = readFileSync(ownFile('../package.json'), 'utf8')
  const manifest: unknown = JSON.parse(text)
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? manifest.version
      : undefined
  const commitHash = env['COMMIT_HASH']
  return {
    version: typeof version === 'string' ? version : UNKNOWN,
    commitHash: commitHash === undefined || commitHash === '' ? UNKNOWN : commitHash,
  }
}
