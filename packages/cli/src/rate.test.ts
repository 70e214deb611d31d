import { describe, expect, test } from "vitest";
import { parseRateSchedule } from "./rate.js";

describe("parseRateSchedule()", () => {
  test.each([
    ["500K", 512_000],
    ["500k", 512_000],
    ["500", 512_000],
    ["1M", 2 ** 20],
    ["1.5M", 1.5 * 2 ** 20],
    ["2G", 2 ** 31],
    ["100B", 100],
    ["off", undefined],
    ["0", undefined],
  ])("takes %s for %s bytes a second, always", (text, bytesPerSecond) => {
    expect(parseRateSchedule("--limit-upload", text)).toEqual([{ minute: 0, bytesPerSecond }]);
  });

  test("takes times of day in any order", () => {
    expect(parseRateSchedule("--limit-upload", " 23:00,off  8:30,1M")).toEqual([
      { minute: 510, bytesPerSecond: 2 ** 20 },
      { minute: 1380, bytesPerSecond: undefined },
    ]);
    expect(parseRateSchedule("--limit-upload", "08:00,1M")).toEqual([{ minute: 480, bytesPerSecond: 2 ** 20 }]);
  });

  test.each(["", "fast", "-1", "1T", "1e3", "1 M", "0.5B", "9999999999999", "08:00", "08:00,", "8,1M", "24:00,1M"])(
    "refuses %j, and says what to write",
    (text) => {
      expect(() => parseRateSchedule("--limit-upload", text)).toThrow(
        expect.objectContaining({ code: "usage", message: expect.stringMatching(/^Cannot use --limit-upload: .*1M/) }),
      );
    },
  );

  test("refuses one time of day twice, and more than can be meant", () => {
    expect(() => parseRateSchedule("--x", "08:00,1M 8:00,2M")).toThrow("it gives one time of day twice");
    const many = Array.from({ length: 49 }, (_, minute) => `00:${10 + minute},1M`).join(" ");
    expect(() => parseRateSchedule("--x", many)).toThrow("more than 48 times of day");
  });
});
