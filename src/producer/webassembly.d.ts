/** What is used of WebAssembly; TypeScript declares it for browsers only. */
declare namespace WebAssembly {
  const Module: new (bytes: Uint8Array) => object

  /** `Exports` is what the module is known to export. */
  class Instance<Exports> {
    constructor(module: object)
    readonly exports: Exports
  }
}
