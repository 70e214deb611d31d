/** How a repository cuts files into chunks: fixed when it is created, and kept in its config (`docs/format.md` section 6). */

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Sizes in bytes. */
export interface ChunkerSettings {
  /** `cdc`: content-defined; `fixed`: at every multiple of a size, for disk images and media. */
  readonly kind: "cdc" | "fixed";
  readonly minimum: number;
  readonly average: number;
  /** Of `fixed`, all three are the size. */
  readonly maximum: number;
}

/** No reader takes a larger chunk (`docs/format.md` section 12.3). */
export const CHUNK_SIZE_MAX = 64 * MEBIBYTE;

export const DEFAULT_CHUNKER: ChunkerSettings = {
  kind: "cdc",
  minimum: 256 * KIBIBYTE,
  average: 512 * KIBIBYTE,
  maximum: 2 * MEBIBYTE,
};

export const DEFAULT_FIXED_CHUNKER: ChunkerSettings = {
  kind: "fixed",
  minimum: 64 * MEBIBYTE,
  average: 64 * MEBIBYTE,
  maximum: 64 * MEBIBYTE,
};

/** Below these the crate `fastcdc` 1.0 panics; nobody wants chunks as small as that. */
const MINIMUM_MIN = 64;
const AVERAGE_MIN = 256;
const MAXIMUM_MIN = 1024;

/** @throws {RangeError} when no chunker can cut so. */
export function validateSettings(settings: ChunkerSettings): void {
  const { kind, minimum, average, maximum } = settings;
  checkSize("minimum", minimum, MINIMUM_MIN);
  if (kind === "fixed") {
    if (minimum === average && average === maximum) return;
    throw refusal(`found sizes ${minimum}, ${average}, ${maximum}, allowed is one size three times`);
  }
  checkSize("average", average, AVERAGE_MIN);
  checkSize("maximum", maximum, MAXIMUM_MIN);
  if (minimum < average && average < maximum) return;
  throw refusal(`found sizes ${minimum}, ${average}, ${maximum}, allowed are minimum < average < maximum`);
}

function checkSize(what: string, size: number, least: number): void {
  if (Number.isInteger(size) && size >= least && size <= CHUNK_SIZE_MAX) return;
  throw refusal(`found ${what} ${size}, allowed are ${least} to ${CHUNK_SIZE_MAX}`);
}

function refusal(found: string): RangeError {
  return new RangeError(`Cannot use chunker settings: ${found}`);
}
