import { expect, test } from "vitest";
import { loadOwnerNames, parseNames } from "./owner-names.js";

test("parseNames() takes the first name of a number, and leaves out what is none", () => {
  const text = `root:x:0:0::/root:/bin/sh\ntoor:x:0:0\n:x:1:\nshort\nminus:x:-1:\n${"n".repeat(257)}:x:2:\nme:x:1000:`;
  expect([...parseNames(text)]).toEqual([
    [0, "root"],
    [1000, "me"],
  ]);
});

test("loadOwnerNames() knows root, and has no name for what the system does not list", () => {
  const owners = loadOwnerNames();
  expect([owners.user(0), owners.group(0)]).toEqual(["root", "root"]);
  expect([owners.user(4_294_967_290), owners.group(4_294_967_290)]).toEqual(["", ""]);
});
