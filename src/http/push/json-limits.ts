import type { JsonLimits } from '../parse-json.ts'

/** Nesting limit of a body. A push needs four levels; deeper bodies are attacks. */
const MAX_DEPTH = 64
/** A record with all fields and five headers has 25 parts. */
const PARTS_PER_RECORD = 25
/** Extra parts for a push of few records, one of them with 1,000 headers in a list, and unknown fields. */
const PARTS_BESIDE = 10_000
/** Records of one client have the same fields and headers; some have one or two more. */
const SHAPES_PER_RECORD = 2
const SHAPES_BESIDE = 2_000

/**
 * Limits of the JSON of a push. By default (12,000 records), the worst body of 10 MiB within these limits is scanned
 * and parsed in 100 ms on one core of 2026; without them it takes 700 ms.
 */
export function jsonLimits(maxRecordsPerRequest: number): JsonLimits {
  return {
    maxDepth: MAX_DEPTH,
    maxParts: PARTS_BESIDE + PARTS_PER_RECORD * maxRecordsPerRequest,
    maxShapes: SHAPES_BESIDE + SHAPES_PER_RECORD * maxRecordsPerRequest,
  }
}
