import type { BcatErrorCode } from "@bcat/errors";
import { expect, test } from "vitest";
import { exitCodeMeanings, exitCodeOf, exitCodes } from "./exit-code.js";

test.each<[BcatErrorCode, number]>([
  ["not-found", 1],
  ["exists", 1],
  ["target-failed", 1],
  ["source-failed", 1],
  ["refused", 1],
  ["usage", 2],
  ["no-repository", 10],
  ["storage-failed", 11],
  ["wrong-passphrase", 12],
  ["newer-format", 13],
  ["identity-changed", 14],
  ["conditions-not-met", 22],
  ["interrupted", 130],
])("%s ends with %d, in every command", (code, exitCode) => {
  expect([exitCodeOf(code, "check"), exitCodeOf(code, "restore")]).toEqual([exitCode, exitCode]);
});

test("damage ends check with 21 and others with 1", () => {
  expect([exitCodeOf("corrupt", "check"), exitCodeOf("corrupt", "restore"), exitCodeOf("corrupt", undefined)]).toEqual([
    21, 1, 1,
  ]);
});

test("every code has a meaning", () => {
  const known = exitCodeMeanings.map(([code]) => code);
  expect(known).toEqual(expect.arrayContaining([...Object.values(exitCodes), 130]));
});
