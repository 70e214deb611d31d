import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { createCache, locateCache } from "./cache-directory.js";

const home = tmpdir();

describe("locateCache()", () => {
  test.each([
    [{ HOME: home }, `${home}/.cache/bcat`],
    [{ HOME: home, XDG_CACHE_HOME: "/c" }, "/c/bcat"],
    [{ HOME: home, XDG_CACHE_HOME: "/c", CACHE_DIRECTORY: "/var/cache/bcat:/var/cache/other" }, "/var/cache/bcat"],
    [{ HOME: home, CACHE_DIRECTORY: "" }, `${home}/.cache/bcat`],
    [{ HOME: home, CACHE_DIRECTORY: "relative" }, `${home}/.cache/bcat`],
  ])("of %j is %s", (variables, expected) => {
    expect(locateCache({}, variables)).toBe(expected);
  });

  test("is what was named, or none", () => {
    expect(locateCache({ directory: "/x" }, { CACHE_DIRECTORY: "/var/cache/bcat" })).toBe("/x");
    expect(locateCache({ wanted: false }, { CACHE_DIRECTORY: "/var/cache/bcat" })).toBe("none");
  });
});

test("createCache() says why there is no home, and makes none", async () => {
  const lines: string[] = [];
  const place = locateCache({}, { HOME: "/nonexistent" });
  expect(await createCache(place, (line) => lines.push(line))).toBeUndefined();
  expect(lines).toEqual([expect.stringContaining('(HOME is "/nonexistent", which is not there)')]);
});
