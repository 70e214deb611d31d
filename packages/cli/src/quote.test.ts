import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quoteName, quoteText } from "./quote.js";

describe("quoteName()", () => {
  test.each([
    ["/plain name", "/plain name"],
    ["größe 日本 🎉", "größe 日本 🎉"],
    ["\u001b]0;title\u0007", "\\x1b]0;title\\x07"],
    ["a\nb\tc", "a\\x0ab\\x09c"],
    ["back\\slash", "back\\\\slash"],
    ["\u009b31m", "\\xc2\\x9b31m"],
    ["gpj.\u202eexe", "gpj.\\xe2\\x80\\xaeexe"],
    ["\ufeff", "\\xef\\xbb\\xbf"],
  ])("shows %j as %s", (name, quoted) => {
    expect(quoteName(Buffer.from(name))).toBe(quoted);
  });

  test("shows what is not UTF-8 byte by byte, and the rest as it is", () => {
    expect(quoteName(Buffer.from([0x61, 0xff, 0xc3, 0xb6, 0xc3, 0x1b]))).toBe("a\\xffö\\xc3\\x1b");
  });

  test("of any bytes holds no control, and gives the bytes back", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const quoted = quoteName(bytes);
        expect(quoted).not.toMatch(/\p{C}/u);
        expect(unquote(quoted)).toEqual(Buffer.from(bytes));
      }),
      { examples: [[new Uint8Array([0x5c, 0x78])], [new Uint8Array([0xe2, 0x80])]] },
    );
  });
});

test("quoteText() keeps backslashes and is one line", () => {
  expect(quoteText("C:\\x\n\u001b[2J")).toBe("C:\\x\\x0a\\x1b[2J");
});

function unquote(quoted: string): Buffer {
  const parts = quoted.match(/\\\\|\\x[0-9a-f]{2}|[^\\]/gu) ?? [];
  return Buffer.concat(
    parts.map((part) => {
      if (part === "\\\\") return Buffer.from("\\");
      return part.startsWith("\\x") ? Buffer.from(part.slice(2), "hex") : Buffer.from(part);
    }),
  );
}
