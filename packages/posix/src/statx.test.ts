import { expect, test } from "vitest";
import { FileType, Stat } from "./stat.js";
import { decodeStatx, STATX_SIZE } from "./statx.js";

/** Every field holds another value, at the offsets of statx(2); all 64-bit values need their upper half. */
function sample(mask: number): Uint32Array {
  const view = new DataView(new ArrayBuffer(STATX_SIZE));
  const time = (offset: number, seconds: bigint, nanoseconds: number) => {
    view.setBigInt64(offset, seconds, true);
    view.setUint32(offset + 8, nanoseconds, true);
  };
  view.setUint32(0, mask, true);
  view.setBigUint64(8, 0xffff_ffff_ffff_fff7n, true);
  view.setUint32(16, 3, true);
  view.setUint32(20, 4_294_967_294, true);
  view.setUint32(24, 1_002, true);
  view.setUint16(28, 0o144751, true);
  view.setBigUint64(32, 0xfedc_ba98_8765_4321n, true);
  view.setBigUint64(40, 9_007_199_254_740_991n, true);
  view.setBigUint64(48, 5_000_000_001n, true);
  time(64, 8_000_000_001n, 1);
  time(80, 8_000_000_002n, 2);
  time(96, -8_000_000_003n, 3);
  time(112, -1n, 999_999_999);
  for (const [index, number] of [259, 1_048_575, 4_095, 65_537].entries())
    view.setUint32(128 + 4 * index, number, true);
  return new Uint32Array(view.buffer);
}

test("decodeStatx() finds every field, with all of its bits", () => {
  const stat = Object.assign(new Stat(), { wantsAccessTime: true });
  decodeStatx(sample(0xfff), stat);
  expect({ ...stat }).toEqual({
    wantsAccessTime: true,
    atimeSeconds: 8_000_000_001,
    atimeNanoseconds: 1,
    type: FileType.SOCKET,
    mode: 0o4751,
    uid: 4_294_967_294,
    gid: 1_002,
    size: 9_007_199_254_740_991,
    links: 3,
    mtimeSeconds: -1,
    mtimeNanoseconds: 999_999_999,
    ctimeSeconds: -8_000_000_003,
    ctimeNanoseconds: 3,
    birthSeconds: 8_000_000_002,
    birthNanoseconds: 2,
    inodeLow: 0x8765_4321,
    inodeHigh: 0xfedc_ba98,
    specialMajor: 259,
    specialMinor: 1_048_575,
    deviceMajor: 4_095,
    deviceMinor: 65_537,
    blocks: 5_000_000_001,
    // Immutable, append only, no dump; not what else is told there.
    flags: 0x70,
  });
});

test("decodeStatx() gives no time of birth where the file system gave none", () => {
  const stat = new Stat();
  decodeStatx(sample(0x7ff), stat);
  expect([stat.birthSeconds, stat.birthNanoseconds]).toEqual([0, 0]);
});
