/** Where the Kafka for tests keeps its things: below .kafka/ in the project, which git ignores. */
import { join, resolve } from 'node:path'

const projectDirectory = resolve(import.meta.dirname, '../../..')

/** The root of everything that the Kafka for tests writes. */
export const kafkaDirectory = join(projectDirectory, '.kafka')

/** Holds one directory per cluster: state file, settings, logs and data. */
export const clustersDirectory = join(kafkaDirectory, 'clusters')

/** The cluster of `npm run kafka:start`, the only one that outlives the process that started it. */
export const localClusterDirectory = join(clustersDirectory, 'local')
