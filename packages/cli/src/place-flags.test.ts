import { expect, test } from "vitest";
import { Options } from "./options.js";
import { placeFlags, placeOptions } from "./place-flags.js";

const read = (text: string) => placeOptions(new Options(placeFlags, new Map([["retry-for", [text]]]), {}));

test.each([
  ["0", 0],
  ["0s", 0],
  ["90s", 90_000],
  ["15m", 900_000],
  ["1.5h", 5_400_000],
])("--retry-for %s is %i ms", (text, ms) => {
  expect(read(text)).toMatchObject({ retryForMs: ms });
});

test.each(["15", "m", "-1m", "15 m", "1d", "1e3s", "15M", ".5h"])("--retry-for %s is refused", (text) => {
  expect(() => read(text)).toThrow(/--retry-for .*15m/);
});

test("without --retry-for the place decides", () => {
  expect(placeOptions(new Options(placeFlags, new Map(), {})).retryForMs).toBeUndefined();
});
