import type { PruneSummary } from "@bcat/snapshot";
import { expect, test } from "vitest";
import { pruneLines } from "./prune-report.js";

const MIB = 2 ** 20;
const none = { packs: 0, bytes: 0 };
const noFiles = { count: 0, bytes: 0, first: undefined };
const session = { number: 412, kind: "backup", host: "a", silentMs: 3 * 3_600_000 } as const;

const idle: PruneSummary = {
  ...{ usedBytes: 30 * MIB, unusedBytes: 0, toCopyBytes: 0, copiedBytes: 0, gainBytes: 0, freedParity: 0 },
  ...{ condemned: { dead: none, mixed: none, orphans: none }, left: none, freed: none, later: none, spared: none },
  ...{ postponed: { ...none, until: 0 }, waitsFor: [], decided: [], ended: [], isUnlisted: false },
  leftovers: { segments: 0, checkpoints: 0, parity: 0, temporary: noFiles, young: noFiles },
  neededBytes: undefined,
};

const busy: PruneSummary = {
  ...idle,
  ...{ left: { packs: 2, bytes: 32 * MIB }, freed: { packs: 2, bytes: 32 * MIB }, later: { packs: 3, bytes: 8 * MIB } },
  condemned: { ...idle.condemned, dead: { packs: 1, bytes: MIB }, mixed: { packs: 2, bytes: 7 * MIB } },
  ...{ toCopyBytes: 3 * MIB, gainBytes: 37 * MIB, unusedBytes: 0.3 * MIB },
};

test("what goes now, what later, what both are made of, and what that frees", () => {
  expect(pruneLines(busy, { isDryRun: true })).toEqual([
    "would delete now: 32.0 MiB (2 packs)",
    "would give up, the next run deletes it, or prune --now: 8.00 MiB (3 packs)",
    "  given up by an earlier run: 32.0 MiB (2 packs)",
    "  nothing of it is used: 1.00 MiB (1 pack)",
    "  a part of it is used: 7.00 MiB (2 packs), of which 3.00 MiB would be copied, which needs that much more room first",
    "in all that frees 37.0 MiB",
    "in use after that: 30.0 MiB; 307 KiB unused stay (1.0 %)",
  ]);
  expect(pruneLines(busy, { isDryRun: false }).slice(0, 2)).toEqual([
    "deleted: 32.0 MiB (2 packs)",
    "given up, the next run deletes it, or prune --now: 8.00 MiB (3 packs)",
  ]);
});

test("a dry run names the sessions that are waited for, as the run does", () => {
  const waiting = { ...busy, freed: none, later: { packs: 5, bytes: 40 * MIB }, waitsFor: [session] };
  const text = "a later run deletes it, waiting for session 412 of host a, 3 h: 40.0 MiB (5 packs)";
  expect(pruneLines(waiting, { isDryRun: true })[0]).toBe(`would give up, ${text}`);
  expect(pruneLines(waiting, { isDryRun: false })[0]).toBe(`given up, ${text}`);
});

test("a dry run says that it does not count what sessions have stored that the run would end", () => {
  const line = (count: string) => `what ${count} stored is not in these figures: the run counts it`;
  const one = pruneLines({ ...busy, decided: [session] }, { isDryRun: true });
  expect(one[1]).toBe(line("that session has"));
  expect(pruneLines({ ...busy, decided: [session], ended: [5] }, { isDryRun: true })[2]).toBe(
    line("those sessions have"),
  );
  expect(pruneLines({ ...busy, decided: [session] }, { isDryRun: false })[1]).toMatch(/^deleted/);
});

test("of leftovers it says what they are", () => {
  const temporary = { count: 1, bytes: 27 * MIB, first: "packs/.tmp-1" };
  const young = { count: 2, bytes: 2048, first: "log/.tmp-2" };
  const summary = { ...idle, leftovers: { segments: 50, checkpoints: 1, parity: 2, temporary, young } };
  expect(pruneLines(summary, { isDryRun: false })).toEqual([
    "there is nothing to free",
    "removed what nothing refers to any more: 50 index segments, 1 checkpoint, the parity of 2 packs",
    "removed what writes that were cut off have left: 1 file (27.0 MiB)",
    expect.stringMatching(/^2 files \(2\.00 KiB\), such as "?log\/\.tmp-2"?: a write at work, or one that was cut off/),
    "in use after that: 30.0 MiB; nothing unused stays",
  ]);
});
