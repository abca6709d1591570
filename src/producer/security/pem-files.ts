/** Reads certificates from files and directories. An error is one line that names the key. */
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ProxyError } from '../../base/errors.ts'
import { fileProblem, quotedPath } from '../../base/quotable.ts'

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g

/** Reads a file that the configuration names under `key`. @throws ProxyError CONFIG_INVALID */
export function readFileOf(key: string, path: string): Buffer {
  return reading(key, path, () => readFileSync(path))
}

/**
 * Reads the certificates of a file, or of the files in a directory that have any.
 *
 * @throws ProxyError CONFIG_INVALID if there is none, or one is malformed.
 */
export function readCertificates(key: string, path: string): string[] {
  if (!isDirectory(key, path)) {
    return certificatesIn(key, readFileOf(key, path).toString(), `${quotedPath(path)} holds`)
  }
  // A secret that Kubernetes mounts as a directory has links to directories beside its files.
  const files = reading(key, path, () => readdirSync(path))
    .map((name) => join(path, name))
    .filter((entry) => !isDirectory(key, entry))
    .map((file) => readFileOf(key, file).toString())
  return certificatesIn(key, files.join('\n'), `the files in ${quotedPath(path)} hold`)
}

/**
 * Finds the certificates in a text, in their order.
 *
 * @throws ProxyError CONFIG_INVALID if there is none, or one is malformed.
 */
export function certificatesIn(key: string, text: string, where = 'it holds'): string[] {
  const certificates = text.match(CERTIFICATE) ?? []
  if (certificates.length === 0) {
    const message = `${key}: ${where} no certificate in PEM (-----BEGIN CERTIFICATE-----)`
    throw new ProxyError('CONFIG_INVALID', message)
  }
  for (const [index, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate)
    } catch (cause) {
      const message = `${key}: ${where} a certificate that cannot be read, number ${index + 1}`
      throw new ProxyError('CONFIG_INVALID', message, { cause })
    }
  }
  return certificates
}

/** Whether it is one, or a link to one. */
function isDirectory(key: string, path: string): boolean {
  return reading(key, path, () => statSync(path).isDirectory())
}

function reading<Result>(key: string, path: string, read: () => Result): Result {
  try {
    return read()
  } catch (cause) {
    // Without the cause, whose message contains the path.
    throw new ProxyError(
      'CONFIG_INVALID',
      `${key}: cannot read ${quotedPath(path)}: ${fileProblem(cause)}`,
    )
  }
}
