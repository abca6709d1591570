/** The only file that knows where uPlot is, which draws the charts of the page. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that has uPlot for browsers beside its entry for Node.js. */
const DIST = dirname(fileURLToPath(import.meta.resolve('uplot')))

/** Its files by the names under which they are served. */
export const UPLOT_FILES: readonly (readonly [name: string, file: string])[] = [
  ['uplot.js', join(DIST, 'uPlot.esm.js')],
  ['uplot.css', join(DIST, 'uPlot.min.css')],
]
