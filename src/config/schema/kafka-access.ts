/** `kafka.*`: brokers, TLS and SASL. */
import { SASL_MECHANISMS } from '../../base/kafka-names.ts'
import { brokerList, list, nonEmptyText, oneOf, text } from '../kinds.ts'
import { setting } from '../setting.ts'

/** librdkafka's `security.protocol`. */
const SECURITY_PROTOCOLS = ['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'] as const

/** See {@link SECURITY_PROTOCOLS}. */
export type SecurityProtocol = (typeof SECURITY_PROTOCOLS)[number]

export const KAFKA_ACCESS = {
  brokers: setting({
    doc: 'Brokers to contact first; they name the others. The default port is 9092. `PROTOCOL://` before a host must agree with `kafka.security_protocol`. An empty list is an error.',
    kind: brokerList(),
    default: [],
    property: {
      names: ['bootstrap.servers', 'metadata.broker.list'],
      usualName: 'metadata.broker.list',
      kind: list(),
      librdkafkaDefault: '',
      by: 'kafkajs',
      note: 'Brokers to contact first; they name the others.',
    },
  }),
  client_id: setting({
    doc: 'Name of this client in the logs, metrics and quotas of Kafka.',
    kind: nonEmptyText(),
    default: 'kprf',
    property: {
      names: ['client.id'],
      kind: text(),
      librdkafkaDefault: 'rdkafka',
      by: 'kafkajs',
      note: 'Name of kprf in the logs, metrics and quotas of Kafka.',
    },
  }),
  user: setting({
    doc: 'SASL user name. Setting it and `kafka.password` turns SASL on.',
    kind: text(),
    default: '',
    hasFileVariable: true,
    property: { names: ['sasl.username'], by: 'kafkajs', note: 'User name for SASL.' },
  }),
  password: setting({
    doc: 'SASL password.',
    kind: text(),
    default: '',
    sensitive: true,
    hasFileVariable: true,
    property: { names: ['sasl.password'], by: 'kafkajs', note: 'Password for SASL.' },
  }),
  security_protocol: setting({
    doc: 'Protocol of the connections to brokers. When empty: `sasl_plaintext` if `kafka.user` and `kafka.password` are set, `plaintext` if not.',
    kind: oneOf(['', ...SECURITY_PROTOCOLS]),
    default: '',
    property: {
      names: ['security.protocol'],
      kind: oneOf(SECURITY_PROTOCOLS),
      librdkafkaDefault: 'plaintext',
      by: 'kafkajs',
      note: 'Whether connections use TLS, SASL, both or neither.',
    },
  }),
  sasl_mechanism: setting({
    doc: 'SASL mechanism.',
    kind: oneOf(SASL_MECHANISMS),
    default: 'plain',
    property: {
      names: ['sasl.mechanism', 'sasl.mechanisms'],
      usualName: 'sasl.mechanisms',
      kind: text(),
      librdkafkaDefault: 'GSSAPI',
      by: 'kafkajs',
      note: 'PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER. PLAIN by default here.',
      refuses: { gssapi: 'Kerberos needs a native library, and kprf has none' },
    },
  }),
  sasl_oauthbearer_token: setting({
    doc: 'Token for the SASL mechanism `oauthbearer`, if no token endpoint supplies it.',
    kind: text(),
    default: '',
    sensitive: true,
    hasFileVariable: true,
  }),
  ssl: {
    ca_file: setting({
      doc: "PEM file of the authorities that sign brokers' certificates, or a directory of such files. When empty: the authorities that Node.js trusts.",
      kind: text(),
      default: '',
      property: {
        names: ['ssl.ca.location'],
        by: 'Node.js',
        note: 'Authorities that sign the certificates of brokers: a file, or a directory of files.',
        refuses: {
          probe: 'name the file of your authorities, or leave it out to trust those of Node.js',
        },
      },
    }),
    cert_file: setting({
      doc: "PEM file of this client's certificate, if brokers ask for one.",
      kind: text(),
      default: '',
      property: {
        names: ['ssl.certificate.location'],
        by: 'Node.js',
        note: 'Certificate of kprf, if brokers ask for one.',
      },
    }),
    key_file: setting({
      doc: 'PEM file of the private key of that certificate.',
      kind: text(),
      default: '',
      property: {
        names: ['ssl.key.location'],
        by: 'Node.js',
        note: 'Private key of the certificate.',
      },
    }),
    key_password: setting({
      doc: 'Password of the private key.',
      kind: text(),
      default: '',
      sensitive: true,
      hasFileVariable: true,
      property: {
        names: ['ssl.key.password'],
        by: 'Node.js',
        note: 'Password of the private key.',
      },
    }),
  },
}
