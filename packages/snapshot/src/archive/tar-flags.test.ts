import fc from "fast-check";
import { expect, test } from "vitest";
import { InodeFlag, recordedFlags } from "../tree/inode-flags.js";
import { decodeFlags, encodeFlags } from "./tar-flags.js";

const textOf = (flags: number) => encodeFlags(flags).map((pair) => pair.map((bytes) => Buffer.from(bytes).toString()));
const of = (text: string) => decodeFlags([[Buffer.from("SCHILY.fflags"), Buffer.from(text)]]);

test("flags are named as libarchive names them, each once, and none is no record", () => {
  const flags = InodeFlag.immutable + InodeFlag.noDump + InodeFlag.journalledData;
  expect(textOf(flags)).toEqual([["SCHILY.fflags", "schg,nodump,journal-data"]]);
  expect(encodeFlags(0)).toEqual([]);
  expect(encodeFlags(InodeFlag.directAccess)).toEqual([]);
});

test("decodeFlags(encodeFlags(flags)) = flags, of those that have a name", () => {
  const named = recordedFlags - InodeFlag.directAccess - InodeFlag.notCompressed;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (flags) => {
      expect(decodeFlags(encodeFlags(flags))).toBe((flags & named) >>> 0);
    }),
  );
});

test("other names of a flag are known, those of other systems mean nothing, and blanks part them too", () => {
  expect(of("simmutable,uarch, sappend nosuch,,schg")).toBe(InodeFlag.immutable + InodeFlag.appendOnly);
  expect(of("")).toBe(0);
  expect(decodeFlags([])).toBe(0);
});

test("names of more than 1,024 bytes are refused", () => {
  expect(of(",".repeat(1_024))).toBe(0);
  expect(() => of(",".repeat(1_025))).toThrow(RangeError);
});
