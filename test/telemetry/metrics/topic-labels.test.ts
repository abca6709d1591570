import { describe, expect, it } from 'vitest'
import {
  LABEL_KEPT_MS,
  MAX_TOPIC_LABELS,
  MAX_UNDELIVERED_LABELS,
  OTHER_TOPICS,
  TopicLabels,
} from '../../../src/telemetry/metrics/topic-labels.ts'

function makeLabels(...configured: readonly string[]): { labels: TopicLabels; removed: string[] } {
  const removed: string[] = []
  return { labels: new TopicLabels(configured, (topic) => removed.push(topic)), removed }
}

/** Delivers to as many topics as get labels, the first at 1 ms, the second at 2 ms and so on. */
function fill(labels: TopicLabels, count = MAX_TOPIC_LABELS): void {
  for (let n = 1; n <= count; n += 1) labels.delivered(`topic-${n}`, n)
}

describe('TopicLabels', () => {
  it('gives a topic its label with the first delivery, not before', () => {
    const { labels } = makeLabels()

    expect(labels.labelOf('orders')).toBe(OTHER_TOPICS)
    expect(labels.delivered('orders', 0)).toBe('orders')
    expect(labels.labelOf('orders')).toBe('orders')
  })

  it('lets no newcomer take the label of a topic that was in use of late', () => {
    const { labels, removed } = makeLabels()
    fill(labels)

    expect(labels.delivered('late', LABEL_KEPT_MS)).toBe(OTHER_TOPICS)
    expect(removed).toEqual([])
    expect(labels.delivered('late', LABEL_KEPT_MS + 1)).toBe('late')
    expect(removed).toEqual(['topic-1'])
    expect(labels.labelOf('topic-1')).toBe(OTHER_TOPICS)
  })

  it('has the topic make room that was delivered to least recently', () => {
    const { labels, removed } = makeLabels()
    fill(labels)
    labels.delivered('topic-1', 5_000)
    labels.delivered('topic-3', 6_000)

    for (const name of ['a', 'b', 'c']) labels.delivered(name, LABEL_KEPT_MS + 1_000)

    expect(removed).toEqual(['topic-2', 'topic-4', 'topic-5'])
  })

  it('gives the label back to a topic that is delivered to again, when one is free', () => {
    const { labels, removed } = makeLabels()
    fill(labels)
    labels.delivered('a', LABEL_KEPT_MS + 1)

    expect(labels.delivered('topic-1', LABEL_KEPT_MS + 2)).toBe('topic-1')
    expect(removed).toEqual(['topic-1', 'topic-2'])
  })

  it('keeps the labels of configured topics, which count among the others', () => {
    const { labels, removed } = makeLabels('configured')
    fill(labels, MAX_TOPIC_LABELS)

    expect(labels.labelOf(`topic-${MAX_TOPIC_LABELS}`)).toBe(OTHER_TOPICS)
    for (let n = 0; n < 1_000; n += 1) labels.delivered(`stranger-${n}`, LABEL_KEPT_MS * (n + 2))

    expect(removed).not.toContain('configured')
    expect(labels.delivered('configured', 0)).toBe('configured')
    expect([...labels.topics]).toHaveLength(MAX_TOPIC_LABELS)
  })

  it('gives no labels beyond those of the configuration when that has as many', () => {
    const { labels } = makeLabels(...Array.from({ length: MAX_TOPIC_LABELS }, (_, n) => `c-${n}`))

    expect(labels.delivered('orders', LABEL_KEPT_MS * 2)).toBe(OTHER_TOPICS)
  })

  it('gives a topic whose records fail its label before any delivery, and keeps it with the first', () => {
    const { labels, removed } = makeLabels()

    expect(labels.undelivered('orders')).toBe('orders')
    expect(labels.labelOf('orders')).toBe('orders')
    expect(labels.delivered('orders', 1)).toBe('orders')
    fill(labels)
    expect(labels.labelOf('orders')).toBe('orders')
    expect(removed).toEqual([])
  })

  it('gives half of the labels at most to topics without a delivery', () => {
    const { labels } = makeLabels()
    for (let n = 0; n < MAX_UNDELIVERED_LABELS; n += 1) labels.undelivered(`invented-${n}`)

    expect(labels.undelivered('late')).toBe(OTHER_TOPICS)
    expect(labels.delivered('late', 1)).toBe('late')
    expect(labels.undelivered('later')).toBe(OTHER_TOPICS)
  })

  it('has topics without a delivery make room for those with one, the first first', () => {
    const { labels, removed } = makeLabels()
    labels.undelivered('invented-1')
    labels.undelivered('invented-2')
    labels.undelivered('confirmed')
    labels.delivered('confirmed', 0)
    fill(labels, MAX_TOPIC_LABELS - 3)

    expect(labels.delivered('a', LABEL_KEPT_MS * 2)).toBe('a')
    expect(labels.delivered('b', LABEL_KEPT_MS * 2)).toBe('b')
    expect(labels.undelivered('invented-3')).toBe(OTHER_TOPICS)
    expect(removed).toEqual(['invented-1', 'invented-2'])
    labels.delivered('c', LABEL_KEPT_MS * 2)
    expect(removed).toEqual(['invented-1', 'invented-2', 'confirmed'])
  })

  it('wastes no label on a topic that is called as the label of all others', () => {
    const { labels } = makeLabels()

    expect(labels.delivered(OTHER_TOPICS, 0)).toBe(OTHER_TOPICS)
    expect(labels.undelivered(OTHER_TOPICS)).toBe(OTHER_TOPICS)
    expect([...labels.topics]).toEqual([])
  })
})
