import { describe, expect, test } from "vitest";
import { NearNames } from "./near-names.js";

function nearest(wanted: string, names: readonly string[]): string[] {
  const near = new NearNames(Buffer.from(wanted));
  for (const name of names) near.offer(Buffer.from(name));
  return near.names.map((name) => Buffer.from(name).toString());
}

describe("NearNames", () => {
  test.each([
    ["fotos", ["photos", "music", "fots"], ["fots", "photos"]],
    ["Photos", ["photos"], ["photos"]],
    ["ntoes", ["notes"], ["notes"]],
    ["report", ["report.pdf", "rapport"], ["rapport", "report.pdf"]],
    ["Mu\u0308ll", ["M\u00fcll"], ["M\u00fcll"]],
    ["a", ["b", "bb", "c", "d", "e"], ["b", "c", "d"]],
    ["photos", ["music", "x", ""], []],
  ])("of %s among %j are %j", (wanted, names, expected) => {
    expect(nearest(wanted, names)).toEqual(expected);
  });

  test("takes names that are not UTF-8, and very long ones", () => {
    const near = new NearNames(Uint8Array.of(0xff, 0x61, 0x62));
    near.offer(Uint8Array.of(0xff, 0x61, 0x63));
    near.offer(new Uint8Array(1_024).fill(0x61));
    expect(near.names).toEqual([Uint8Array.of(0xff, 0x61, 0x63)]);
  });
});
