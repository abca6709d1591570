/** The only file that knows where uPlot is, which draws the charts of the page. */

/** The entry for Node.js of uPlot, which has those for browsers beside it. */
const ENTRY = import.meta.resolve('uplot')

/** Its files by the names under which they are served. */
export const UPLOT_FILES: readonly (readonly [name: string, file: URL])[] = [
  ['uplot.js', new URL('uPlot.esm.js', ENTRY)],
  ['uplot.css', new URL('uPlot.min.css', ENTRY)],
]
