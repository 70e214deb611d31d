import { expect, test } from "vitest";
import { parentsLine, parentsMessage } from "./backup-parents.js";

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
  expect(parentsMessage([source("/a", 7), source("/\xff")])).toEqual({
    message_type: "parents",
    sources: [
      { path: "/a", parent: "7" },
      { path: "/\ufffd", path_b64: "L/8=" },
    ],
  });
});
