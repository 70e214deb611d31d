import { expect, test } from "vitest";
import { type ChunkerSettings, DEFAULT_CHUNKER, DEFAULT_FIXED_CHUNKER, validateSettings } from "./settings.js";

const LIMIT = 64 * 1024 * 1024;
const cdc = (minimum: number, average: number, maximum: number): ChunkerSettings => ({
  kind: "cdc",
  minimum,
  average,
  maximum,
});

test.each([DEFAULT_CHUNKER, DEFAULT_FIXED_CHUNKER, cdc(64, 256, 1024), cdc(LIMIT - 2, LIMIT - 1, LIMIT)])(
  "validateSettings() accepts $kind $minimum / $average / $maximum",
  (settings) => {
    expect(() => validateSettings(settings)).not.toThrow();
  },
);

test.each([
  cdc(63, 256, 1024),
  cdc(64, 255, 1024),
  cdc(64, 256, 1023),
  cdc(64, 256, LIMIT + 1),
  cdc(256, 256, 1024),
  cdc(256, 1024, 1024),
  cdc(1024, 512, 2048),
  cdc(64.5, 256, 1024),
  cdc(64, Number.NaN, 1024),
  cdc(64, 256, -1),
  { kind: "fixed", minimum: 63, average: 63, maximum: 63 } as const,
  { kind: "fixed", minimum: LIMIT + 1, average: LIMIT + 1, maximum: LIMIT + 1 } as const,
  { kind: "fixed", minimum: 64, average: 64, maximum: 65 } as const,
])("validateSettings() refuses $kind $minimum / $average / $maximum", (settings) => {
  expect(() => validateSettings(settings)).toThrow(RangeError);
});
