import type { Node } from "@bcat/snapshot";
import { describe, expect, test } from "vitest";
import { entryFields, entryLine } from "./entry.js";

const file: Node = {
  name: Buffer.from("b"),
  type: 1,
  mode: 0o4755,
  uid: 0,
  gid: 1000,
  user: "root",
  group: "",
  mtimeSeconds: 1_700_000_000,
  mtimeNanoseconds: 5,
  content: { kind: "inline", bytes: new Uint8Array(3) },
};
const link: Node = { ...stripContent(file), type: 3, mode: 0o777, target: Buffer.from("\u001b") };

function stripContent({ content: _, ...rest }: Node): Omit<Node, "content"> {
  return rest;
}

describe("entryFields()", () => {
  test("has restic's names", () => {
    expect(entryFields({ path: Buffer.from("/a/b"), node: file })).toEqual({
      name: "b",
      type: "file",
      path: "/a/b",
      uid: 0,
      gid: 1000,
      user: "root",
      size: 3,
      mode: 2 ** 23 + 0o755,
      permissions: "-rwsr-xr-x",
      mtime: "2023-11-14T22:13:20.000000005Z",
    });
  });

  test("names a root by the last part of its path", () => {
    expect(entryFields({ path: Buffer.from("/srv"), node: { ...file, name: new Uint8Array() } })).toMatchObject({
      name: "srv",
    });
  });
});

test("entryLine() shows a link and its target without controls, and owners by name where one is known", () => {
  const time = "2023-11-1\\d \\d\\d:\\d\\d:20";
  const line = entryLine({ path: Buffer.from("/a\n"), node: link });
  expect(line).toMatch(new RegExp(`^lrwxrwxrwx root {9}1000 {10}0 ${time} /a\\\\x0a -> \\\\x1b$`));
  const numbers = entryLine({ path: Buffer.from("/a"), node: file }, { numericIds: true, sizesForPeople: true });
  expect(numbers).toMatch(new RegExp(`^-rwsr-xr-x {8}0 {5}1000 {8}3 B ${time} /a$`));
  const odd = { ...file, user: Buffer.from("m\xfcller\u001b", "latin1"), group: "a-long-name" };
  expect(entryLine({ path: Buffer.from("/a"), node: odd })).toContain(" m\\xfcller\\x1b a-long-name ");
});

test.each([
  [2, 0o1777, "drwxrwxrwt"],
  [2, 0o2750, "drwxr-s---"],
  [1, 0o6644, "-rwSr-Sr--"],
  [5, 0o660, "brw-rw----"],
] as const)("of type %d and mode %o are permissions %s", (type, mode, permissions) => {
  expect(entryFields({ path: Buffer.from("/x"), node: { ...file, type, mode } })).toMatchObject({ permissions });
});

describe("entryLine() on a terminal that is too narrow", () => {
  const layout = { owner: false, group: false, timeLength: 10, columns: 50 };
  const path = Buffer.from("/home/me/photos/the last day.jpg");

  test("leaves out columns, and the beginning of the path", () => {
    const line = entryLine({ path, node: file }, { layout });
    expect(line).toMatch(/^-rwsr-xr-x {10}3 2023-11-1\d …the last day.jpg$/);
    expect(line.length).toBe(50);
  });

  test("keeps the mark of a file that has changed", () => {
    const line = entryLine({ path, node: { ...file, hasChanged: true } }, { layout });
    expect(line).toMatch(/ …ay\.jpg \(changed\)$/);
    expect(line.length).toBe(50);
  });
});
