import type { Config } from '../config/types.ts'
import type { WalSettings } from '../wal/write-ahead-log.ts'

/** The share of the queue that records of the log may take, so that clients that wait find room. */
const QUEUE_SHARE = 0.5
/** Memory that they may take at most, bytes: more would not make them faster. */
const MAX_OUTSTANDING_BYTES = 64 * 2 ** 20

/** Translates the configuration into what the write-ahead log is told; `undefined` without one. */
export function walSettings({ wal, kafka }: Config): WalSettings | undefined {
  if (!wal.enabled) return undefined
  const queueBytes = kafka.queueBufferingMaxKbytes * 1024
  return {
    folder: wal.dir,
    sync: wal.sync,
    syncIntervalMs: wal.syncIntervalMs,
    segmentBytes: wal.segmentBytes,
    maxBytes: wal.maxBytes,
    minFreeBytes: wal.minFreeBytes,
    retentionMs: wal.retentionMs,
    deadLetterTopic: wal.deadLetters.topic === '' ? undefined : wal.deadLetters.topic,
    maxOutstandingBytes: Math.min(MAX_OUTSTANDING_BYTES, queueBytes * QUEUE_SHARE),
  }
}
