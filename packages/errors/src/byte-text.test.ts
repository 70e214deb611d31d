import fc from "fast-check";
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
