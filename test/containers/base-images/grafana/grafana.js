/** The stand-in for Grafana: reads the provisioned files at its start, and lists them at `/provisioned`. */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const PROVISIONING = '/etc/grafana/provisioning'

const datasources = texts(join(PROVISIONING, 'datasources'), '.yml')
const paths = texts(join(PROVISIONING, 'dashboards'), '.yml').flatMap((text) =>
  [...text.matchAll(/^\s+path: (\S+)$/gm)].map(([, path]) => path),
)
const dashboards = paths.flatMap((path) => texts(path, '.json').map((text) => JSON.parse(text)))

const provisioned = {
  datasources: datasources.flatMap((text) =>
    [...text.matchAll(/^\s+url: (\S+)$/gm)].map(([, url]) => url),
  ),
  dashboards: dashboards.map(({ title }) => title),
}

createServer((request, response) => {
  response.end(request.url === '/provisioned' ? JSON.stringify(provisioned) : '')
}).listen(3000)
process.on('SIGTERM', () => process.exit(0))

/** The files of a folder that end like this. */
function texts(folder, ending) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
}
