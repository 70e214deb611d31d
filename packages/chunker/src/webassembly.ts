/** The part of WebAssembly that is used here: TypeScript declares the global only together with the whole DOM. */

/** Compiled code, opaque. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemory {
  /** Another one after the memory has grown. */
  readonly buffer: ArrayBuffer;
}

interface WasmNamespace {
  readonly Module: new (code: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: unknown };
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WasmNamespace };

export function compileWasm(code: Uint8Array): WasmModule {
  return new WebAssembly.Module(code);
}

/** The exports of a new instance of a module without imports. */
export function instantiateWasm(module: WasmModule): unknown {
  return new WebAssembly.Instance(module, {}).exports;
}
