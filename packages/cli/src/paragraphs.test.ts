import { describe, expect, test } from "vitest";
import { definitions, wrap } from "./paragraphs.js";

test("wrap() breaks at blanks, and never inside a word", () => {
  expect(wrap("one two  three\nfour", 8)).toEqual(["one two", "three", "four"]);
  expect(wrap("a-very-long-word b", 5)).toEqual(["a-very-long-word", "b"]);
  expect(wrap("", 5)).toEqual([]);
});

describe("definitions()", () => {
  const terms = [
    { term: "-a", meaning: "the first of them" },
    { term: "    --a-rather-long-flag-name VALUE", meaning: "the second" },
  ];

  test("has meanings beside words, and below one that is too long", () => {
    expect(definitions(terms, 60)).toEqual([
      "  -a  the first of them",
      "      --a-rather-long-flag-name VALUE",
      "      the second",
    ]);
  });

  test("has meanings below all words where there is no room beside them", () => {
    expect(definitions(terms, 40)).toEqual([
      "  -a",
      "      the first of them",
      "  --a-rather-long-flag-name VALUE",
      "      the second",
    ]);
  });

  test("begins meanings where those of others do", () => {
    expect(definitions([terms[0]!], 60, [...terms, { term: "--bcd", meaning: "" }])).toEqual([
      "  -a     the first of them",
    ]);
  });
});
