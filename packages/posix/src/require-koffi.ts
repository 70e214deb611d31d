/** The package koffi, by the shortest way to its binary. */
import { createRequire } from "node:module";

/**
 * Binaries that are tried before the package's own loader, which looks for the C library's kind and takes 7 ms, in each
 * worker anew. One for another machine or C library does not load, and one that is missing costs 0.1 ms.
 */
const BINARIES = [
  "@koromix/koffi-linux-x64/linux_x64/koffi.node",
  "@koromix/koffi-linux-arm64/linux_arm64/koffi.node",
] as const;

/** What koffi exports; its own types use `any`. @throws Error when it is not installed or has no binary that loads. */
export function requireKoffi(): unknown {
  const require = createRequire(import.meta.url);
  for (const binary of BINARIES) {
    try {
      return require(binary);
    } catch {
      // The package's own loader finds another, or says what is missing.
    }
  }
  return require("koffi");
}
