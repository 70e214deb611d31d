import { describe, expect, test } from "vitest";
import { decodePassphrase } from "./passphrase.js";

describe("decodePassphrase()", () => {
  test.each([
    ["secret", "secret"],
    ["secret\n", "secret"],
    ["secret\r\n", "secret"],
    ["secret\n\n", "secret\n"],
    [" secret ", " secret "],
    ["\ufeffsecret", "secret"],
    ["größe", "größe"],
  ])("reads %j as %j", (text, passphrase) => {
    expect(decodePassphrase(Buffer.from(text), "here")).toBe(passphrase);
  });

  test.each([
    ["a NUL", Buffer.from("a\0b")],
    ["UTF-16", Buffer.from("\ufeffsecret", "utf16le")],
    ["what is not UTF-8", Buffer.from([0x61, 0xff])],
    ["too much", Buffer.alloc(65_537, 0x61)],
  ])("refuses %s", (_what, bytes) => {
    expect(() => decodePassphrase(bytes, "here")).toThrow(expect.objectContaining({ code: "usage" }));
  });
});
