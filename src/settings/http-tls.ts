/** Reads the certificates and keys of kprf's own ports. */
import type { SecureContextOptions } from 'node:tls'
import type { Config, HttpConfig } from '../config/types.ts'
import type { ServerTls } from '../http/tls/server-tls.ts'
import { TLS_PROPERTIES, type TlsKeys, type TlsSettings } from '../producer/security/settings.ts'
import type { CredentialsReader } from '../producer/security/renewable-credentials.ts'
import { tlsOptions } from '../producer/security/tls-options.ts'
import { filesOf, readSecrets } from './kafka-credentials.ts'

/** A port of kprf. */
export type Port = 'http' | 'metrics'

/** How a port speaks TLS, and how its files are read again. */
export interface PortTls {
  readonly port: Port
  readonly initial: ServerTls
  readonly reader: CredentialsReader
  /** What the port does with credentials that were read again. */
  readonly toServer: (context: SecureContextOptions) => ServerTls
}

const SECTIONS = { http: 'http.tls', metrics: 'http.metrics_tls' } as const

/** A port has no other settings of TLS. */
const UNUSED: TlsSettings = {
  ...{ caLocation: '', caPem: '', certificateLocation: '', certificatePem: '' },
  ...{ keyLocation: '', keyPem: '', keyPassword: '', keystoreLocation: '', keystorePassword: '' },
  ...{ crlLocation: '', cipherSuites: '', curvesList: '', sigalgsList: '' },
  ...{ endpointIdentification: 'https', isCertificateVerified: true },
}

/**
 * How a port speaks TLS; `undefined` if it speaks plain HTTP.
 *
 * @throws ProxyError CONFIG_INVALID if a file cannot be used, or certificate and key do not fit.
 */
function portTls(config: Config, port: Port): PortTls | undefined {
  const settings = sectionOf(config.http, port)
  if (settings.certFile === '') return undefined
  const section = SECTIONS[port]
  const secretFiles = filesOf(config, `${section}.`)
  const read = (keyPassword: string): SecureContextOptions => ({
    ...tlsOptions(
      {
        ...UNUSED,
        ...{ caLocation: settings.clientCaFile, certificateLocation: settings.certFile },
        ...{ keyLocation: settings.keyFile, keyPassword },
      },
      keysOf(section),
    ),
    minVersion: settings.minVersion === 'tlsv1.3' ? 'TLSv1.3' : 'TLSv1.2',
  })
  const toServer = (context: SecureContextOptions): ServerTls => ({
    context,
    clientAuth: settings.clientAuth,
  })
  const { certFile, keyFile, clientCaFile } = settings
  const files = [...Object.values(secretFiles), certFile, keyFile, clientCaFile]
  return {
    port,
    initial: toServer(read(settings.keyPassword)),
    toServer,
    reader: {
      files: files.filter((path) => path !== ''),
      read: () => {
        const keyPassword =
          readSecrets(secretFiles)[`${section}.key_password`] ?? settings.keyPassword
        const secrets = keyPassword === '' ? [] : [keyPassword]
        return { ssl: read(keyPassword), sasl: undefined, secrets }
      },
    },
  }
}

/** Those of these ports that speak TLS. @throws ProxyError CONFIG_INVALID as {@link portTls}. */
export function tlsPorts(config: Config, ports: readonly Port[]): readonly PortTls[] {
  return ports.map((port) => portTls(config, port)).filter((tls) => tls !== undefined)
}

function sectionOf(http: HttpConfig, port: Port): HttpConfig['tls'] {
  return port === 'http' ? http.tls : http.metricsTls
}

function keysOf(section: string): TlsKeys {
  return {
    ...TLS_PROPERTIES,
    caLocation: `${section}.client_ca_file`,
    certificateLocation: `${section}.cert_file`,
    keyLocation: `${section}.key_file`,
    keyPassword: `${section}.key_password`,
  }
}
