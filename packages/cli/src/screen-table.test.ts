import { expect, test } from "vitest";
import { foldWords, type ScreenTable, screenTable } from "./screen-table.js";

const table: ScreenTable = {
  columns: [
    { head: "#", isRight: true },
    { head: "host", spare: 2 },
    { head: "size", isRight: true, spare: 1 },
  ],
  last: "what",
  rows: [
    { cells: ["9", "laptop", "1.50 GiB"], last: (columns) => foldWords("some words that are long", columns) },
    { cells: ["10", "日本語", "3 B"] },
  ],
};

test("screenTable() without a terminal is as wide as it is", () => {
  expect(screenTable(table, undefined)).toEqual([
    " #  host        size  what",
    " 9  laptop  1.50 GiB  some words that are long",
    "10  日本語       3 B",
  ]);
});

test("screenTable() folds the last column where it fits beside the others", () => {
  expect(screenTable(table, 42)).toEqual([
    " #  host        size  what",
    " 9  laptop  1.50 GiB  some words that are",
    "                      long",
    "10  日本語       3 B",
  ]);
});

test("screenTable() leaves out what is wanted least, and nothing else", () => {
  expect(screenTable(table, 40)[0]).toBe(" #  host    what");
  expect(screenTable(table, 24)[0]).toBe(" #  what");
});

test("screenTable() has the last column below when there is no room beside any, and all others that fit again", () => {
  expect(screenTable(table, 22)).toEqual([
    " #  host        size",
    " 9  laptop  1.50 GiB",
    "    some words that",
    "    are long",
    "10  日本語       3 B",
  ]);
});

test.each([1, 5, 8, 13, 20, 21, 30, 39, 79])("screenTable() of %d columns has no wider line", (width) => {
  for (const line of screenTable(table, width)) expect([...line].length).toBeLessThanOrEqual(width);
});

test("screenTable() cuts a cell that would take the whole line", () => {
  const wide = { ...table, rows: [{ cells: ["1", "x".repeat(200), "3 B"] }] };
  expect(screenTable(wide, 80)[1]).toBe(`1  ${"x".repeat(35)}…   3 B`);
});

test("foldWords() divides between words, and a word that is too long", () => {
  expect(foldWords("was /a/long/path; or /b", 12)).toEqual(["was", "/a/long/path", ";", "or /b"]);
  expect(foldWords("", 12)).toEqual([]);
});
