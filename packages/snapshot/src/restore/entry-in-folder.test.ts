import { expect, test } from "vitest";
import { type Node, NodeType } from "../tree/node.js";
import { EntryInFolder, type Located } from "./entry-in-folder.js";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const nodeOf = (name: string): Node => ({
  name: bytes(name),
  type: NodeType.directory,
  mode: 0o700,
  uid: 0,
  gid: 0,
  user: "",
  group: "",
  mtimeSeconds: 0,
  mtimeNanoseconds: 0,
});
const below = (folder: Located, name: string) => new EntryInFolder(folder, nodeOf(name), undefined);
const textOf = ({ path }: Located) => Buffer.from(path).toString();

test.each([
  ["/", "/a", "/a/b/c"],
  ["", "a", "a/b/c"],
  ["/home", "/home/a", "/home/a/b/c"],
])("the path of an entry is that of its folder and its name: in %j", (path, first, third) => {
  const folder = below({ path: bytes(path) }, "a");
  expect(textOf(folder)).toBe(first);
  expect(textOf(below(below(folder, "b"), "c"))).toBe(third);
});

test("the path of an entry in 50,000 folders is put together without recursion", () => {
  let entry: Located = { path: bytes("/") };
  for (let depth = 0; depth < 50_000; depth++) entry = below(entry, "d");
  expect(entry.path.length).toBe(2 * 50_000);
});
