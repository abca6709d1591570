import { describe, expect, it } from 'vitest'
import { explainProperties } from '../../src/config/explain.ts'

describe('explainProperties', () => {
  it('says of each line who does it, and of what key it is another name', () => {
    const { lines, isRight } = explainProperties(
      '# a comment\n\nclient.id=me\nretries = 5\nsocket.nagle.disable=true\nssl.sigalgs.list=x\r\n',
    )

    expect(lines).toEqual([
      '3: client.id=me               works as kafka.client_id (done by kafkajs): Name of kprf in the logs, metrics and quotas of Kafka.',
      expect.stringMatching(
        /^4: retries=5 {18}works as kafka\.retries \(done by kprf\): Counts attempts that were sent/,
      ),
      expect.stringMatching(
        /^5: socket\.nagle\.disable=true {2}works \(done by kprf\): Small packets are sent at once/,
      ),
      '6: ssl.sigalgs.list=x         works (done by Node.js): Signature algorithms of TLS: names of OpenSSL, with colons between.',
    ])
    expect(isRight).toBe(true)
  })

  it.each([
    ['socket.max.fails=3', 'no effect: the first request that times out closes its connection'],
    ['socket.max.fails=1', 'no effect: kprf always does this'],
    ['enable.ssl.certificate.verification=false', expect.stringContaining(' WARNING: ')],
  ])('goes on with %s', (line, verdict: unknown) => {
    const { lines, isRight } = explainProperties(line)

    expect(lines.map((text) => text.slice(`1: ${line}  `.length))).toEqual([verdict])
    expect(isRight).toBe(true)
  })

  it.each([
    ['group.id=x', 'refused: not supported: it is for consumers; kprf only produces'],
    ['queuing.strategy=lifo', 'refused: lifo is not supported: kprf keeps the order of records'],
    [
      'batch.size=0',
      'wrong: Configuration property "batch.size" value 0 is outside allowed range 1..2147483647',
    ],
  ])('does not go on with %s', (line, verdict) => {
    expect(explainProperties(line)).toEqual({
      lines: [`1: ${line.slice(0, line.indexOf('='))}  ${verdict}`],
      isRight: false,
    })
  })

  it('says nothing of a line but what is wrong with it, where that may be a secret', () => {
    const text = 'sasl.passwrd=hunter2\nssl.key.pem=-----BEGIN\nMIIEhunter2==\nhunter2'

    expect(explainProperties(text)).toEqual({
      lines: [
        '1: ...                   unknown: No such configuration property; did you mean sasl.password?',
        expect.stringContaining('2: ssl.key.pem=********  '),
        '3: ...                   wrong: it is not name=value; put a certificate or key of several lines into a file or into YAML',
        '4: ...                   wrong: it is not name=value; put a certificate or key of several lines into a file or into YAML',
      ],
      isRight: false,
    })
  })

  it('finds what only several lines break', () => {
    const { lines, isRight } = explainProperties('linger.ms=5\nmessage.timeout.ms=5')

    expect(lines).toHaveLength(3)
    expect(lines[2]).toBe(
      'kafka.message_timeout_ms is 5 and kafka.queue_buffering_max_ms is 5: the first must be greater than the second',
    )
    expect(isRight).toBe(false)
  })

  it('keeps secrets to itself', () => {
    const { lines } = explainProperties(
      'sasl.oauthbearer.assertion.private.key.passphrase=hunter2\nsasl.password=hunter2\nssl.key.password=\nssl.key.pem=hunter2',
    )

    expect(lines.join()).toContain('sasl.password=********')
    expect(lines.join()).toContain('ssl.key.password= ')
    expect(lines.join()).not.toContain('hunter2')
  })
})
