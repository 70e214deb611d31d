import { expect, test } from "vitest";
import { cellWidth, cutEnd, cutStart, foldText } from "./cell-width.js";

test("cellWidth() counts wide characters twice, and marks upon others not at all", () => {
  expect(["", "abc", "ö", "o\u0308", "日本", "a📷", "é…"].map(cellWidth)).toEqual([0, 3, 1, 1, 4, 3, 2]);
});

test("a cut text has the width at most, and says that something is left out", () => {
  expect(cutStart("/home/me", 8)).toBe("/home/me");
  expect(cutStart("/home/me/docs", 8)).toBe("…me/docs");
  expect(cutStart("/日本語", 6)).toBe("…本語");
  expect(cutEnd("a long note", 7)).toBe("a long…");
});

test("foldText() loses nothing, and ends at any width", () => {
  expect(foldText("abcdefg", 3)).toEqual(["abc", "def", "g"]);
  expect(foldText("日本", 1)).toEqual(["日", "本"]);
  expect(foldText("", 3)).toEqual([]);
});
