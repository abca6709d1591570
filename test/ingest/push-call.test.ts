import { describe, expect, it } from 'vitest'
import { ANONYMOUS } from '../../src/base/principal.ts'
import { PushCall } from '../../src/ingest/push-call.ts'
import type { DeliveryReport } from '../../src/producer/types.ts'

const PERSISTED: DeliveryReport = {
  ...{ status: 'persisted', topic: 't', partition: 0 },
  ...{ offset: 1n, timestampMs: 0 },
}

function waitingCall(recordCount: number): PushCall {
  return new PushCall({
    ...{ principal: ANONYMOUS, recordCount, acceptedBy: undefined, keepsReports: false },
    ...{ deliveryTimeoutMs: 1000, roomWaitMs: 0, onAdmission: undefined },
  })
}

/** What a caller hears of a call, in order. */
function heardOf(call: PushCall): string[] {
  const heard: string[] = []
  call.whenDone(
    () => heard.push('done'),
    (bug) => heard.push(String(bug)),
  )
  return heard
}

describe('a call that waits for delivery', () => {
  it('tells who asked for it in the very call that brings the last report', () => {
    const call = waitingCall(2)
    const heard = heardOf(call)
    call.admissionEnded()
    call.settled(PERSISTED, 0)
    expect(heard).toEqual([])
    call.settled(PERSISTED, 1)
    expect(heard).toEqual(['done'])
  })

  it('resolves its promise as well', async () => {
    const call = waitingCall(1)
    const heard = heardOf(call)
    const { done } = call
    call.admissionEnded()
    call.settled(PERSISTED, 0)
    await done
    expect(heard).toEqual(['done'])
  })

  it('is not told twice when a record is reported before its admission has ended', () => {
    const call = waitingCall(1)
    const heard = heardOf(call)
    call.settled(PERSISTED, 0)
    expect(heard).toEqual([])
    call.admissionEnded()
    expect(heard).toEqual(['done'])
  })

  it('tells of a bug in place of the reports', () => {
    const call = waitingCall(1)
    const heard = heardOf(call)
    call.abandon('a bug')
    expect(heard).toEqual(['a bug'])
  })

  it('tells whoever asks after it was done, a moment later', async () => {
    const call = waitingCall(1)
    call.admissionEnded()
    call.settled(PERSISTED, 0)
    const heard = heardOf(call)
    await call.done
    expect(heard).toEqual(['done'])
  })

  it('tells whoever asks after a bug, a moment later', async () => {
    const call = waitingCall(1)
    call.abandon('a bug')
    const heard = heardOf(call)
    await call.done.catch(() => undefined)
    expect(heard).toEqual(['a bug'])
  })
})
