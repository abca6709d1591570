/** `http.tls.*` and `http.metrics_tls.*`: HTTPS on the two ports. */
import { oneOf, text } from '../kinds.ts'
import { setting } from '../setting.ts'

/** The keys of one port. @param port - the key of the port. */
function tlsOf(port: string) {
  return {
    cert_file: setting({
      doc: `PEM file of the certificate of \`${port}\`, with those between it and its authority. Empty: plain HTTP. It is read again when it changes, as the other files here are; open connections keep the old certificate.`,
      kind: text(),
      default: '',
    }),
    key_file: setting({
      doc: 'PEM file of the private key of that certificate.',
      kind: text(),
      default: '',
    }),
    key_password: setting({
      doc: 'Password of the private key.',
      kind: text(),
      default: '',
      sensitive: true,
      hasFileVariable: true,
    }),
    client_ca_file: setting({
      doc: 'PEM file of the authorities that sign the certificates of clients, or a directory of such files.',
      kind: text(),
      default: '',
    }),
    client_auth: setting({
      doc: 'Whether clients show a certificate. `request`: they may, and who does not is served as a client without one. `require`: others get no connection.',
      kind: oneOf(['none', 'request', 'require']),
      default: 'none',
    }),
    min_version: setting({
      doc: 'Lowest version of TLS.',
      kind: oneOf(['tlsv1.2', 'tlsv1.3']),
      default: 'tlsv1.2',
    }),
  }
}

export const HTTP_TLS = { tls: tlsOf('http.port'), metrics_tls: tlsOf('http.metrics_port') }
