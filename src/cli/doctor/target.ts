import { isIP } from 'node:net'
import { splitAddress } from './network.ts'

/** An address to check. */
export interface Target {
  /** `host:port`. */
  readonly address: string
  /** Node id of the broker that advertises it; `undefined` if it is from `kafka.brokers`. */
  readonly brokerId: number | undefined
}

/** `kafka:9092`, or `broker 1, kafka-1:9092`. */
export function shownTarget({ address, brokerId }: Target): string {
  return brokerId === undefined ? address : `broker ${brokerId}, ${address}`
}

/** Whether an address leads to this machine, whoever uses it. */
export function leadsHome({ address }: Target): boolean {
  return isLoopback(splitAddress(address).host)
}

/** The same of a host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
