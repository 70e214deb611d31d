import fc from "fast-check";
import { expect, test } from "vitest";
import { recordedInnerSources, recordInnerSources } from "./inner-sources.js";

const path = fc
  .uint8Array({ minLength: 1, maxLength: 8 })
  .map((bytes) => Uint8Array.of(0x2f, ...bytes.map((byte) => (byte === 0 ? 0x5c : byte))));

test("sources in others come back from what is recorded, byte by byte", () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 4 }), (paths) => {
      const recorded = recordInnerSources(paths);
      expect(recorded.join("")).not.toMatch(/\p{Cs}/u);
      const read = recordedInnerSources(["compression=max", ...recorded]);
      expect(read.map((each) => [...each])).toEqual(paths.map((each) => [...each]));
    }),
  );
});

test("of very many sources in others the first 64 KiB are recorded", () => {
  const paths = Array.from({ length: 10_000 }, (_, i) => Buffer.from(`/home/me/folder/${i}`));
  const recorded = recordInnerSources(paths);
  expect(recorded.length).toBeGreaterThan(1_000);
  expect(recorded.join("").length).toBeLessThanOrEqual(64 * 1024);
});
