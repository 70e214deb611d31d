import type { KnownOwners } from "@bcat/snapshot";
import { describe, expect, test } from "vitest";
import { Options } from "./options.js";
import { ownerFlags, ownersOf } from "./restore-owners.js";

const owners = (numbers: Record<string, number>): KnownOwners => ({
  number: (name) => numbers[name],
  name: () => "",
});
const known = { users: owners({ bob: 1000, www: 33 }), groups: owners({ bob: 2000, staff: 50 }) };

function read(...words: string[]) {
  const given = new Map<string, string[]>();
  for (const word of words) {
    const [name = "", value = "true"] = word.split("=");
    given.set(name, [...(given.get(name) ?? []), value]);
  }
  return ownersOf(new Options(ownerFlags, given, {}), known);
}

describe("ownersOf()", () => {
  test("is by name, unless told otherwise", () => {
    expect(read().by).toBe("names");
    expect(read("ownership-by-name").by).toBe("names");
    expect(read("numeric-owner").by).toBe("numbers");
    expect(read("no-owner").by).toBe("nobody");
  });

  test.each([
    ["alice:bob", [{ from: "alice", to: 1000 }], [{ from: "alice", to: 2000 }]],
    ["alice:www", [{ from: "alice", to: 33 }], []],
    ["1000:7", [{ from: 1000, to: 7 }], [{ from: 1000, to: 7 }]],
    ["user:0:bob", [{ from: 0, to: 1000 }], []],
    ["group:wheel:staff", [], [{ from: "wheel", to: 50 }]],
  ])("maps %s", (word, users, groups) => {
    expect(read(`owner-map=${word}`)).toMatchObject({ by: "names", users, groups });
  });

  test.each([
    [["owner-map=alice"], /FROM:TO/],
    [["owner-map=:bob"], /FROM:TO/],
    [["owner-map=a:b:c:d"], /FROM:TO/],
    [["owner-map=users:a:bob"], /FROM:TO/],
    [["owner-map=a:nobody-here"], /"nobody-here" is no user or group here/],
    [["owner-map=group:a:www"], /"www" is no group here/],
    [["owner-map=a:4294967295"], /highest/],
    [["numeric-owner", "ownership-by-name"], /both --numeric-owner and --ownership-by-name/],
    [["no-owner", "numeric-owner"], /both --no-owner and --numeric-owner/],
    [["no-owner", "owner-map=1:2"], /both --no-owner and --owner-map/],
  ])("refuses %j", (words, message) => {
    expect(() => read(...words)).toThrow(message);
  });
});
