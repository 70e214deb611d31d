import { expect, test } from "vitest";
import { cutEnd, cutStart, foldText, takeStart, textWidth } from "./text-width.js";

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

test("takeStart() keeps the beginning, and no half of a character", () => {
  expect([takeStart("写真集", 6), takeStart("写真集", 5), takeStart("写真集", 0)]).toEqual(["写真集", "写真", ""]);
});

test("cutEnd() says that something is missing", () => {
  expect([cutEnd("a long note", 11), cutEnd("a long note", 7), cutEnd("写真集", 5)]).toEqual([
    "a long note",
    "a long…",
    "写真…",
  ]);
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

test("foldText() loses nothing, and ends at any width", () => {
  expect(foldText("abcdefg", 3)).toEqual(["abc", "def", "g"]);
  expect(foldText("日本", 1)).toEqual(["日", "本"]);
  expect(foldText("", 3)).toEqual([]);
});
