import { expect, test } from "vitest";
import { type Node, NodeType } from "../tree/node.js";
import { Findings } from "./findings.js";

const node = (name: string): Node => ({
  name: Buffer.from(name),
  type: NodeType.file,
  mode: 0o644,
  uid: 0,
  gid: 0,
  user: "",
  group: "",
  mtimeSeconds: 0,
  mtimeNanoseconds: 0,
});

function pathsOf(findings: Findings, folder: string): string[] {
  return [...findings.entries(Buffer.from(folder))].map(({ path }) => Buffer.from(path).toString());
}

test("what was found in a folder comes in its order, under each path that the folder is at", () => {
  const inner = new Findings();
  inner.add(node("x"));
  const outer = new Findings();
  outer.add(node("a"));
  outer.addBelow(Buffer.from("b"), inner);
  outer.add(node("c"));
  outer.addBelow(Buffer.from("d"), inner);
  expect(pathsOf(outer, "/one")).toEqual(["/one/a", "/one/b/x", "/one/c", "/one/d/x"]);
  expect(pathsOf(outer, "/")).toEqual(["/a", "/b/x", "/c", "/d/x"]);
  expect(outer.count).toBe(4);
});

test("a folder deep down is in memory once, not once for each folder above it", () => {
  let folder = new Findings();
  folder.add(node("dir"));
  let parts = folder.partCount;
  for (let depth = 1; depth < 5_000; depth++) {
    const above = new Findings();
    above.add(node("dir"));
    above.addBelow(Buffer.from("dir"), folder);
    folder = above;
    parts += folder.partCount;
  }
  expect([folder.count, parts]).toEqual([5_000, 9_999]);
});
