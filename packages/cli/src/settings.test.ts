import { expect, test } from "vitest";
import { globalFlags, Options } from "./options.js";
import { progressIntervalMs, reportsPerSecond, wantsColor } from "./settings.js";

test("reportsPerSecond() takes a number from 0.01 to 60", () => {
  expect([reportsPerSecond({}), reportsPerSecond({ BCAT_PROGRESS_FPS: "0.5" })]).toEqual([undefined, 0.5]);
  for (const value of ["", "0", "-1", "61", "1e1", "x"])
    expect(() => reportsPerSecond({ BCAT_PROGRESS_FPS: value })).toThrow(expect.objectContaining({ code: "usage" }));
});

test("progressIntervalMs() is what --progress says, or else BCAT_PROGRESS_FPS", () => {
  const interval = (given: string | undefined, fps?: string) => {
    const words = new Map(given === undefined ? [] : [["progress", [given]]]);
    return progressIntervalMs(new Options(globalFlags, words, {}), { BCAT_PROGRESS_FPS: fps });
  };
  expect([interval(undefined), interval(undefined, "4"), interval("30", "4"), interval("0.5")]).toEqual([
    undefined,
    250,
    30_000,
    500,
  ]);
  expect(interval("0")).toBe(Number.POSITIVE_INFINITY);
  for (const given of ["-1", "1e3", "soon", "0.001", "86401"])
    expect(() => interval(given)).toThrow(expect.objectContaining({ code: "usage" }));
});

test("wantsColor() follows no-color.org", () => {
  expect([wantsColor({}), wantsColor({ NO_COLOR: "" }), wantsColor({ NO_COLOR: "0" })]).toEqual([true, true, false]);
});
