import fc, { readConfigureGlobal } from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOfText, hasBytes, showBytes, textOfBytes } from "./byte-text.js";

describe("textOfBytes()", () => {
  test("gives any bytes back through bytesOfText(), and shows whether they are UTF-8", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = textOfBytes(bytes);
        expect(Buffer.from(bytesOfText(text))).toEqual(Buffer.from(bytes));
        expect(hasBytes(text)).toBe(!Buffer.from(Buffer.from(bytes).toString()).equals(bytes));
      }),
      { examples: [[Uint8Array.of(0xed, 0xb2, 0x80)], [Buffer.from("🎉\xff", "latin1")], [Buffer.from("\ufeffa")]] },
    );
  });

  test("escapes each byte that is not part of a character, and no other", () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(0xe0, 0xed, 0xf0, 0xf4, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), (list) => {
        const bytes = Buffer.from(list);
        expect(textOfBytes(bytes)).toBe(slowTextOf(bytes));
      }),
      { numRuns: 20 * (readConfigureGlobal().numRuns ?? 100) },
    );
  });

  test("of what is divided gives the parts", () => {
    const text = textOfBytes(Buffer.concat([Buffer.from("12:/🎉"), Buffer.of(0xff, 0x3a, 0x80)]));
    expect(text.split(":").map((part) => Buffer.from(bytesOfText(part)).toString("latin1"))).toEqual([
      "12",
      `/${Buffer.from("🎉").toString("latin1")}\xff`,
      "\x80",
    ]);
  });
});

test("showBytes() leaves nothing that is not Unicode", () => {
  expect(showBytes("🎉 \udcff\udc80")).toBe("🎉 \\xff\\x80");
  expect(showBytes("plain")).toBe("plain");
});

/** Character by character, the longest first, by what Node takes for one. */
function slowTextOf(bytes: Buffer): string {
  if (bytes.length === 0) return "";
  for (let length = 4; length > 0; length--) {
    const [part, rest] = [bytes.subarray(0, length), bytes.subarray(length)];
    const text = part.toString();
    if (part.length === length && Array.from(text).length === 1 && Buffer.from(text).equals(part))
      return text + slowTextOf(rest);
  }
  return String.fromCharCode(0xdc00 + bytes[0]!) + slowTextOf(bytes.subarray(1));
}
