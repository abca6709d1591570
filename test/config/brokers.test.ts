import { describe, expect, it } from 'vitest'
import { brokerAddresses, parseBroker } from '../../src/config/brokers.ts'

describe('parseBroker', () => {
  it.each([
    ['kafka', 'kafka:9092'],
    ['kafka:1', 'kafka:1'],
    ['kafka:65535', 'kafka:65535'],
    ['my_kafka-1.example.com:9093', 'my_kafka-1.example.com:9093'],
    ['kafka.example.com.', 'kafka.example.com.:9092'],
    ['127.0.0.1', '127.0.0.1:9092'],
    ['::1', '[::1]:9092'],
    ['[::1]', '[::1]:9092'],
    ['[::1]:9093', '[::1]:9093'],
    ['fe80::1:9092', '[fe80::1:9092]:9092'],
    ['[2001:db8::1]:0092', '[2001:db8::1]:92'],
  ])('reads %s as %s', (text, address) => {
    expect(parseBroker(text)).toEqual({ address, protocol: undefined })
  })

  it.each([
    ['PLAINTEXT://kafka', 'kafka:9092', 'plaintext'],
    ['sasl_ssl://[::1]:9093', '[::1]:9093', 'sasl_ssl'],
  ])('reads %s with its protocol', (text, address, protocol) => {
    expect(parseBroker(text)).toEqual({ address, protocol })
  })

  it.each([
    [''],
    ['kafka:'],
    ['kafka:0'],
    ['kafka:65536'],
    ['kafka:x'],
    ['kafka:9092:9093'],
    ['ka fka'],
    ['[kafka]:9092'],
    ['[::1'],
    [':9092'],
    ['-kafka'],
    ['http://'],
    ['kafka/path'],
    ['user@kafka'],
  ])('takes %j for no address', (text) => {
    expect(parseBroker(text)).toBeUndefined()
  })
})

describe('brokerAddresses', () => {
  it('takes lists with commas apart and drops what is empty', () => {
    const addresses = brokerAddresses(['a:1, b', ' ', 'c:3,,'])

    expect(addresses).toEqual(['a:1', 'b:9092', 'c:3'])
  })

  it('keeps the first of duplicates, however they are written', () => {
    const addresses = brokerAddresses(['b', '::1', 'b:9092', '[::1]:9092', 'a'])

    expect(addresses).toEqual(['b:9092', '[::1]:9092', 'a:9092'])
  })
})
