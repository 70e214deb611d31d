import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textOfBytes } from "./byte-text.js";
import { quoteName, quoteText, unquoteName } from "./quote.js";

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

describe("unquoteName()", () => {
  test.each(["plain", "a\\b", "a\\xfg", "\\x0", "\\", "a\\x2fb", "\\\\\\", "\\xFF"])(
    "of %s is undefined: nothing is shown so",
    (text) => {
      expect(unquoteName(Buffer.from(text))).toBeUndefined();
    },
  );

  test("of a backslash behind a backslash is one", () => {
    expect(unquoteName(Buffer.from("a\\\\x2f\\xff"))).toEqual(Buffer.from("a\\x2f\xff", "latin1"));
  });
});

test("quoteText() shows the bytes of text that is not UTF-8, and no others", () => {
  expect(quoteText(textOfBytes(Buffer.from("\xffö\xed\xb2\x80", "latin1")))).toBe("\\xff\\xf6\\xed\\xb2\\x80");
});

test("quoteText() keeps backslashes and is one line", () => {
  expect(quoteText("C:\\x\n\u001b[2J")).toBe("C:\\x\\x0a\\x1b[2J");
});

function unquote(quoted: string): Buffer {
  const bytes = Buffer.from(quoted);
  return Buffer.from(unquoteName(bytes) ?? bytes);
}
