/** Certificates as openssl makes them: an authority, brokers' and clients' certificates, and wrong ones. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../cluster/command.ts'
import { requireTool } from '../cluster/tools.ts'

/** A certificate and its key: paths of PEM files. */
export interface Identity {
  readonly certificate: string
  readonly key: string
}

/** The contents of a certificate. */
export interface CertificateOptions {
  /** Names of hosts and addresses, in openssl's words. @defaultValue localhost and 127.0.0.1 */
  readonly names?: string
  /** For how many days from now it is valid; less than 0 if it has ended. @defaultValue 3650 */
  readonly days?: number
}

/** An authority in a directory of its own. */
export class Authority {
  readonly certificate: string
  readonly #directory: string
  readonly #openssl: string
  #issued = 0

  constructor(directory: string, openssl: string) {
    this.#directory = directory
    this.#openssl = openssl
    this.certificate = join(directory, 'ca.pem')
  }

  /** Creates an authority that no other component trusts. */
  static async create(directory: string): Promise<Authority> {
    await mkdir(directory, { recursive: true })
    const authority = new Authority(directory, await requireTool('openssl'))
    await authority.#run(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-noenc', '-subj', '/CN=authority'],
      ...['-days', '3650', '-keyout', authority.#keyPath, '-out', authority.certificate],
    )
    return authority
  }

  get #keyPath(): string {
    return join(this.#directory, 'ca.key')
  }

  /** Issues a certificate under a common name. */
  async issue(commonName: string, options: CertificateOptions = {}): Promise<Identity> {
    const { names = 'DNS:localhost,IP:127.0.0.1', days = 3_650 } = options
    this.#issued += 1
    const base = join(this.#directory, `${this.#issued}-${commonName}`)
    const path = (suffix: string): string => `${base}.${suffix}`
    await writeFile(path('ext'), `subjectAltName=${names}\n`)
    await this.#run(
      ...['req', '-newkey', 'rsa:2048', '-noenc', '-subj', `/CN=${commonName}`],
      ...['-keyout', path('key'), '-out', path('csr')],
    )
    await this.#run(
      ...['x509', '-req', '-in', path('csr'), '-CA', this.certificate, '-CAkey', this.#keyPath],
      ...['-extfile', path('ext'), '-out', path('pem'), '-days', String(days)],
    )
    return { certificate: path('pem'), key: path('key') }
  }

  /** The key of an identity, in a file that needs a password. */
  async encryptKey({ key }: Identity, password: string): Promise<string> {
    const encrypted = `${key}.encrypted`
    await this.#run(
      ...['pkcs8', '-topk8', '-in', key, '-out', encrypted],
      ...['-v2', 'aes-256-cbc', '-passout', `pass:${password}`],
    )
    return encrypted
  }

  /** Certificate and key of an identity in one PKCS#12 file. */
  async keystore({ certificate, key }: Identity, password: string): Promise<string> {
    const keystore = `${key}.p12`
    await this.#run(
      ...['pkcs12', '-export', '-in', certificate, '-inkey', key],
      ...['-out', keystore, '-passout', `pass:${password}`],
    )
    return keystore
  }

  /** Revokes certificates. Resolves to the path of the revocation list. */
  async revoke(...identities: readonly Identity[]): Promise<string> {
    const path = (name: string): string => join(this.#directory, name)
    const settings = {
      database: path('index.txt'),
      certificate: this.certificate,
      private_key: this.#keyPath,
      default_md: 'sha256',
      default_crl_days: '30',
    }
    const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`)
    await writeFile(path('ca.cnf'), ['[ca]', 'default_ca = us', '[us]', ...lines, ''].join('\n'))
    await writeFile(settings.database, '')
    const ca = ['ca', '-config', path('ca.cnf')]
    for (const { certificate } of identities) await this.#run(...ca, '-revoke', certificate)
    const list = path(`revoked-${identities.length}.crl`)
    await this.#run(...ca, '-gencrl', '-out', list)
    return list
  }

  async #run(...args: readonly string[]): Promise<void> {
    await runCommand(this.#openssl, args)
  }
}

/** Key and certificate of an identity in one file, as Kafka takes a keystore in PEM. */
export async function brokerKeystore({ certificate, key }: Identity): Promise<string> {
  const path = `${key}store`
  await writeFile(path, Buffer.concat([await readFile(key), await readFile(certificate)]))
  return path
}
