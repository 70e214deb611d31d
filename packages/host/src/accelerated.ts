/** The parts that exist in a fast native form and a portable one. */

import type { Blake3, Gcm } from "@bcat/crypto";
import { BcatError } from "@bcat/errors";
import type { Zstd } from "@bcat/pack";
import type { Posix } from "@bcat/posix";
import type { Variables } from "./variables.js";

export type Accelerators = "off" | "auto" | "required";

export interface Accelerated {
  /** How they were chosen: other threads choose for themselves. */
  readonly mode: Accelerators;
  readonly blake3: Blake3;
  readonly gcm: Gcm;
  readonly zstd: Zstd;
  readonly posix: Posix;
}

/** @throws {BcatError} with code "usage" */
export function acceleratorsOf(variables: Variables): Accelerators {
  const value = variables.BCAT_ACCELERATORS;
  if (value === undefined) return "auto";
  if (value === "off" || value === "auto" || value === "required") return value;
  throw new BcatError("usage", `Cannot use BCAT_ACCELERATORS: "${value}" is not one of off, auto, required`);
}

/** @throws {BcatError} with code "refused" when native forms are `required` and one is not to be had. */
export async function loadAccelerated(mode: Accelerators): Promise<Accelerated> {
  const [{ loadBlake3, loadGcm }, { loadZstd }, { loadPosix }] = await Promise.all([
    import("@bcat/crypto"),
    import("@bcat/pack"),
    import("@bcat/posix"),
  ]);
  try {
    return {
      mode,
      blake3: loadBlake3(mode),
      gcm: loadGcm(mode),
      zstd: await loadZstd(mode),
      posix: loadPosix(mode),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BcatError("refused", `${reason} (BCAT_ACCELERATORS=${mode})`, { cause });
  }
}
