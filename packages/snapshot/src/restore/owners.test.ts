import { describe, expect, test } from "vitest";
import { type KnownOwners, OwnerMapping, type OwnerRules, UNCHANGED } from "./owners.js";

function known(numbers: Readonly<Record<string, number>>): KnownOwners {
  return {
    number: (name) => numbers[name],
    name: (number) => Object.keys(numbers).find((name) => numbers[name] === number) ?? "",
  };
}

const here = { users: known({ root: 0, bob: 1000, alice: 1001 }), groups: known({ root: 0, staff: 50 }) };

/** `uid:gid mode` of what was alice's, or somebody else's, with set-id bits. */
function owned(
  rules: OwnerRules,
  { uid = 1000, gid = 20, user = "alice" as string | Uint8Array, group = "staff" } = {},
) {
  const entry = { mode: 0o7755, uid, gid, user, group };
  const mapping = new OwnerMapping(rules);
  mapping.apply(entry);
  const again = { mode: 0o7755, uid, gid, user, group };
  mapping.apply(again);
  expect(again).toEqual(entry);
  return `${entry.uid}:${entry.gid} ${entry.mode.toString(8)}`;
}

describe("OwnerMapping", () => {
  test("by names takes the numbers that names have here", () => {
    expect(owned({ by: "names", known: here })).toBe("1001:50 7755");
  });

  test("by names falls back to a number, and drops set-id bits when that is somebody else's here", () => {
    expect(owned({ by: "names", known: here }, { user: "carol", uid: 1234 })).toBe("1234:50 7755");
    expect(owned({ by: "names", known: here }, { user: "carol", uid: 1000 })).toBe("1000:50 1755");
    expect(owned({ by: "names", known: here }, { group: "wheel", gid: 0 })).toBe("1001:0 1755");
    expect(owned({ by: "names", known: here }, { user: Uint8Array.of(0xff), uid: 7 })).toBe("7:50 7755");
  });

  test("by names takes the number of an owner without a name", () => {
    expect(owned({ by: "names", known: here }, { user: "", group: "" })).toBe("1000:20 7755");
  });

  test("by numbers asks for no name", () => {
    expect(owned({ by: "numbers", known: here })).toBe("1000:20 7755");
  });

  test("of nobody leaves owners alone, and drops set-id bits", () => {
    expect(owned({ by: "nobody" })).toBe(`${UNCHANGED}:${UNCHANGED} 1755`);
  });

  test("maps by name or number, with the name first, and drops set-id bits", () => {
    expect(owned({ by: "names", known: here, users: [{ from: "alice", to: 7 }] })).toBe("7:50 1755");
    expect(owned({ by: "numbers", users: [{ from: 1000, to: 7 }], groups: [{ from: 20, to: 8 }] })).toBe("7:8 1755");
    const both = [
      { from: "alice", to: 7 },
      { from: 1000, to: 8 },
    ];
    expect(owned({ by: "names", known: here, users: both })).toBe("7:50 1755");
    expect(owned({ by: "nobody", users: both })).toBe(`7:${UNCHANGED} 1755`);
    expect(owned({ by: "names", known: here, users: [{ from: "1000", to: 7 }] })).toBe("1001:50 7755");
  });

  test("a number that the system takes for none keeps no set-id bits", () => {
    expect(owned({ by: "numbers" }, { uid: UNCHANGED })).toBe(`${UNCHANGED}:20 1755`);
  });
});
