import { expect, test } from "vitest";
import { parentsLine, parentsMessage, resumeLines } from "./backup-parents.js";

const none = { packs: 0, bytes: 0 };
const left = { packs: 2, bytes: 2 ** 24 };
const source = (path: string, parent?: number) => ({ path: Buffer.from(path, "latin1"), parent });

test("parentsLine() says nothing when every source has a parent", () => {
  expect(parentsLine([source("/a", 1), source("/b", 2)])).toBeUndefined();
});

test("parentsLine() says that all is read, what is read, or how much of it", () => {
  expect(parentsLine([source("/a"), source("/b")])).toBe("no parent snapshot: reading all files");
  expect(parentsLine([source("/a", 1), source("/b")])).toBe('no parent snapshot for "/b": reading all files there');
  const many = ["/b", "/c", "/d", "/e"].map((path) => source(path));
  expect(parentsLine([source("/a", 1), ...many])).toBe(
    "no parent snapshot for 4 sources of 5: reading all files there",
  );
});

test("parentsLine() says of a snapshot that was named what it has not", () => {
  expect(parentsLine([source("/a"), source("/b")], "1")).toBe(
    "parent snapshot 1 has nothing of what is named: reading all files",
  );
  expect(parentsLine([source("/a", 1), source("/b")], "1")).toBe(
    'parent snapshot 1 has no "/b": reading all files there',
  );
});

test("parentsMessage() gives each source its parent, and bytes that are no text", () => {
  expect(parentsMessage([source("/a", 7), source("/\xff")], none)).toEqual({
    message_type: "parents",
    sources: [
      { path: "/a", parent: "7" },
      { path: "/\ufffd", path_b64: "L/8=" },
    ],
  });
});

test("resumeLines() names each partial snapshot that is gone on from, and what lay behind its checkpoint", () => {
  const partial = { number: 7, files: 1_200, bytes: 3 * 2 ** 20 };
  const parents = [source("/a", 1), { ...source("/b", 7), partial }, { ...source("/c", 7), partial }];
  const resumed = "going on from partial snapshot 7: 1,200 files, 3.00 MiB are there already";
  expect(resumeLines([source("/a", 1)], none)).toEqual([]);
  expect(resumeLines(parents, none)).toEqual([resumed]);
  expect(resumeLines(parents, left)).toEqual([
    resumed,
    "taken over from a backup that did not end: 16.0 MiB in 2 packs more, not to be stored again",
  ]);
  expect(resumeLines([source("/a")], left)).toEqual([
    "taken over from a backup that did not end: 16.0 MiB in 2 packs, not to be stored again",
  ]);
  expect(parentsMessage(parents.slice(1, 2), left)).toEqual({
    message_type: "parents",
    sources: [{ path: "/b", parent: "7", partial: "7", partial_files: 1_200, partial_bytes: 3 * 2 ** 20 }],
    adopted_packs: 2,
    adopted_bytes: 2 ** 24,
  });
});
