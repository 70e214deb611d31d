import { expect, test } from "vitest";
import { cutEnd, cutStart, textWidth } from "./text-width.js";

test("textWidth() counts wide characters twice, and marks not at all", () => {
  for (const [text, width] of [
    ["", 0],
    ["photo.jpg", 9],
    ["Grüße", 5],
    ["Gru\u0308ße", 5],
    ["写真", 4],
    ["한글", 4],
    ["📷.jpg", 6],
    ["…—é", 3],
  ] as const)
    expect([text, textWidth(text)]).toEqual([text, width]);
});

test("cutEnd() keeps the beginning, and no half of a character", () => {
  expect([cutEnd("写真集", 6), cutEnd("写真集", 5), cutEnd("写真集", 0)]).toEqual(["写真集", "写真", ""]);
});

test("cutStart() keeps the end, and says that something is missing", () => {
  expect([cutStart("/a/写真", 7), cutStart("/a/写真", 6), cutStart("/a/写真", 4)]).toEqual([
    "/a/写真",
    "…/写真",
    "…真",
  ]);
  expect([cutStart("abc", 1), cutStart("abc", 0)]).toEqual(["…", ""]);
  // What a mark stands on is gone, and it with that.
  expect(cutStart("xu\u0308y", 2)).toBe("…y");
});
