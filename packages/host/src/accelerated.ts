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
  const { loadBlake3, loadGcm } = await import("@bcat/crypto");
  const { loadZstd } = await import("@bcat/pack");
  const { loadPosix } = await import("@bcat/posix");
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

/** A native package that did not load, and what does its work. */
export interface MissingAccelerator {
  readonly missing: string;
  readonly instead: string;
}

/** Of what was loaded with `auto`, the native packages that it lacks. */
export function missingAccelerators({ zstd, blake3, posix }: Accelerated): MissingAccelerator[] {
  const all = [
    { missing: "zstd-napi", native: "zstd-napi", instead: zstd.name },
    { missing: "@napi-rs/blake-hash", native: "blake-hash", instead: blake3.name },
    { missing: "koffi", native: "koffi", instead: posix.name },
  ];
  return all.filter(({ native, instead }) => instead !== native).map(({ missing, instead }) => ({ missing, instead }));
}

/** One line of text, for `npm ci` and for `bcat version`. */
export function describeMissing(found: readonly MissingAccelerator[]): string {
  return found.map(({ missing, instead }) => `${missing} (${instead} instead)`).join(", ");
}
