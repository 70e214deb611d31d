import { expect, test } from "vitest";
import { reportsPerSecond, wantsColor } from "./settings.js";

test("reportsPerSecond() takes a number from 0.01 to 60", () => {
  expect([reportsPerSecond({}), reportsPerSecond({ BCAT_PROGRESS_FPS: "0.5" })]).toEqual([undefined, 0.5]);
  for (const value of ["", "0", "-1", "61", "1e1", "x"])
    expect(() => reportsPerSecond({ BCAT_PROGRESS_FPS: value })).toThrow(expect.objectContaining({ code: "usage" }));
});

test("wantsColor() follows no-color.org", () => {
  expect([wantsColor({}), wantsColor({ NO_COLOR: "" }), wantsColor({ NO_COLOR: "0" })]).toEqual([true, true, false]);
});
