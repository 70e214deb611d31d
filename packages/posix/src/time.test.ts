import fc, { readConfigureGlobal } from "fast-check";
import { describe, expect, test } from "vitest";
import { Stat } from "./stat.js";
import { timeForNode, verifyTime } from "./time.js";

/** uv__fs_to_timespec of libuv 1.46, line by line: the cut to microseconds towards zero, then the borrow. */
function libuv(time: number): { seconds: number; nanoseconds: number } {
  let seconds = Math.trunc(time);
  let nanoseconds = Math.trunc((time - seconds) * 1e9);
  nanoseconds -= nanoseconds % 1_000;
  if (nanoseconds < 0) {
    nanoseconds += 1e9;
    seconds -= 1;
  }
  return { seconds, nanoseconds: nanoseconds + 0 };
}

describe("timeForNode()", () => {
  test("becomes the time rounded down to microseconds, from 1833 to 2242", () => {
    const seconds = fc.integer({ min: -(2 ** 32) + 1, max: 2 ** 33 - 1 });
    const nanoseconds = fc.integer({ min: 0, max: 999_999_999 });
    fc.assert(
      fc.property(seconds, nanoseconds, (s, ns) => {
        expect(libuv(+timeForNode(s, ns))).toEqual({ seconds: s, nanoseconds: Math.floor(ns / 1_000) * 1_000 });
      }),
      {
        numRuns: 100 * (readConfigureGlobal().numRuns ?? 100),
        examples: [
          [0, 0],
          [-1, 999_999_999],
          [-1, 0],
          [2 ** 33 - 1, 999_999_999],
        ],
      },
    );
  });
});

describe("verifyTime()", () => {
  const found = (seconds: number, nanoseconds: number) =>
    Object.assign(new Stat(), { mtimeSeconds: seconds, mtimeNanoseconds: nanoseconds });

  test("lets a microsecond pass, across a second as well", () => {
    verifyTime(found(5, 1_000), 5, 0, "lutime", {});
    verifyTime(found(5, 0), 5, 1_000, "lutime", {});
    verifyTime(found(-1, 999_999_500), 0, 500, "lutime", {});
  });

  test("reports more", () => {
    const stats = [found(5, 1_001), found(4, 999_998_999), found(1_700_000_000, 0), found(6, 0)];
    for (const stat of stats)
      expect(() => verifyTime(stat, 5, 0, "lutime", {})).toThrow(expect.objectContaining({ code: "ETIMENOTSET" }));
  });
});
