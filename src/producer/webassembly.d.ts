/** The used part of WebAssembly, which TypeScript declares only for browsers. */
declare namespace WebAssembly {
  const Module: new (bytes: Uint8Array) => object

  /** `Exports` describes the exports of the module. */
  class Instance<Exports> {
    constructor(module: object)
    readonly exports: Exports
  }
}
