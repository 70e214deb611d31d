import { expect, test } from "vitest";
import { loadKnownOwners, loadOwnerNames, parseNames, parseNumbers } from "./owner-names.js";

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

test("parseNumbers() takes the first number of a name", () => {
  const text = "root:x:0:0\ntoor:x:0:0\nroot:x:7:0\nshort\nminus:x:-1:";
  expect([...parseNumbers(text)]).toEqual([
    ["root", 0],
    ["toor", 0],
  ]);
});

test("loadKnownOwners() knows root both ways", () => {
  const { users, groups } = loadKnownOwners();
  expect([users.number("root"), users.name(0), groups.number("root"), groups.name(0)]).toEqual([0, "root", 0, "root"]);
  expect([users.number("no such user"), users.name(4_294_967_290)]).toEqual([undefined, ""]);
});
