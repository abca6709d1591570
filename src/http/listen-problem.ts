/** The port that could not be opened. */
export interface WantedPort {
  readonly key: 'http.port' | 'http.metrics_port'
  readonly host: string
  readonly port: number
}

/** Says why a port cannot be listened on, and what to do: one line for `CONFIG_INVALID`. */
export function listenProblem({ key, host, port }: WantedPort, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'EADDRINUSE':
      return `${key}: port ${port} is taken on ${host} by another program, perhaps by another kprf. A second kprf needs two ports of its own, such as --http.port=4243 --http.metrics_port=8089; 0 takes a free one`
    case 'EACCES':
      return `${key}: kprf may not listen on port ${port}: the system keeps it for root; choose one above 1023`
    case 'EADDRNOTAVAIL':
      return `${key}: http.host is ${host}, which is not an address of this machine`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${key}: http.host is ${host}, which has no address`
    default:
      return `${key}: ${error instanceof Error ? error.message : String(error)}`
  }
}
