import type { JsonLimits } from '../parse-json.ts'

/** Levels of arrays and objects allowed in a body. A push has four; what goes deeper is an attack. */
const MAX_DEPTH = 64
/** A record with all of its fields and five headers has 25. */
const PARTS_PER_RECORD = 25
/** For a push of few records, one of which has 100 headers and fields that kprf does not know. */
const PARTS_BESIDE = 4_000
/** Records of one client have the same fields and headers; some have one or two of their own. */
const SHAPES_PER_RECORD = 2
const SHAPES_BESIDE = 1_000

/**
 * What the JSON of a push may have. By default (10,000 records) the worst body of 8 MiB that keeps to
 * these limits is scanned and parsed within 100 ms on one core of 2026; without them it takes 700.
 */
export function jsonLimits(maxRecordsPerRequest: number): JsonLimits {
  return {
    maxDepth: MAX_DEPTH,
    maxParts: PARTS_BESIDE + PARTS_PER_RECORD * maxRecordsPerRequest,
    maxShapes: SHAPES_BESIDE + SHAPES_PER_RECORD * maxRecordsPerRequest,
  }
}
