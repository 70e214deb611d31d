import { describe, expect, test } from "vitest";
import { choicesOf, LimitedExpression } from "./limited-expression.js";

const tooSlow = (text: string) => new Error(`too slow on ${text.length}`);
const limited = (source: string, limitMs: number) =>
  new LimitedExpression(new RegExp(source, "u"), { limitMs, tooSlow });

describe("LimitedExpression", () => {
  test.each([
    ["(a+)+$", `${"a".repeat(60)}b`],
    ["(a|aa)*$", `${"a".repeat(90)}b`],
    ["(?=(a*)*b)", "a".repeat(60)],
    [".*.*.*.*.*.*.*!", "a".repeat(4_000)],
    ["(\\p{L}+\\s*){1,}$", `${"word ".repeat(30)}!`],
  ])("is stopped where %s takes ages", (source, text) => {
    expect(() => limited(source, 50).test(text)).toThrow(`too slow on ${text.length}`);
  });

  test.each([
    ["IMG_\\d{4}\\.jpe?g$", "/x/IMG_0001.jpg", true],
    ["(a+)+$", "/x/aaa", true],
    ["(one|two)+/x", "/onetwo/y", false],
    [".*.*.*.*.*.*.*!", "/a!", true],
  ])("says of %s in %s what it says without a limit", (source, text, found) => {
    const expression = limited(source, 60_000);
    expect(expression.test(text)).toBe(found);
    expect(expression.test(`${text}${text}`)).toBe(new RegExp(source, "u").test(`${text}${text}`));
  });
});

test.each([
  ["abc", 0, 0],
  ["IMG_\\d{4}\\.jpe?g$", 0, 1],
  [".*\\.(jpg|png)$", 1, 1],
  ["[*+?|)]+?\\*\\+\\p{L}", 1, 0],
  ["(?<year>\\d{2,4})(?:x)(?!y)z{2,}?", 2, 0],
])("%s has %i loops and %i forks", (source, loops, forks) => {
  expect(choicesOf(source)).toEqual({ loops, forks });
});
