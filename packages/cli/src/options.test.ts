import { describe, expect, test } from "vitest";
import { type Flags, type GivenFlags, Options, onlyTyped, type Variables, variableOf } from "./options.js";

const flags: Flags = {
  repository: { kind: "text", alias: "repo", description: "" },
  level: { kind: "text", choices: ["low", "high"], description: "" },
  "dry-run": { kind: "switch", description: "" },
  exclude: { kind: "list", description: "" },
};

function read(variables: Variables, given: GivenFlags = new Map()): Options {
  return new Options(flags, given, variables);
}

test("variableOf() is BCAT_ and the flag", () => {
  expect(variableOf("dry-run")).toBe("BCAT_DRY_RUN");
});

describe("Options", () => {
  test("takes a flag before its variable", () => {
    const options = read({ BCAT_REPOSITORY: "/b", BCAT_EXCLUDE: "x" }, new Map([["repository", ["/a"]]]));
    expect([options.text("repository"), options.list("exclude")]).toEqual(["/a", ["x"]]);
  });

  test("takes a list from the lines of a variable, and a flag instead of them", () => {
    expect(read({ BCAT_EXCLUDE: "a b\n*.o\n" }).list("exclude")).toEqual(["a b", "*.o"]);
    expect(read({ BCAT_EXCLUDE: "a" }, new Map([["exclude", ["b", "c"]]])).list("exclude")).toEqual(["b", "c"]);
  });

  test("takes a switch off again", () => {
    expect(read({ BCAT_DRY_RUN: "1" }).switch("dry-run")).toBe(true);
    expect(read({ BCAT_DRY_RUN: "1" }, new Map([["dry-run", ["false"]]])).switch("dry-run")).toBe(false);
    expect(read({}).switch("dry-run")).toBe(false);
  });

  test("takes the variable of an alias", () => {
    expect(read({ BCAT_REPO: "/a" }).text("repository")).toBe("/a");
  });

  test("takes what chooses from the command line only", () => {
    const choosing = onlyTyped({ tag: { kind: "list", description: "" } });
    expect(new Options(choosing, new Map(), { BCAT_TAG: "nightly" }).list("tag")).toEqual([]);
    expect(new Options(choosing, new Map([["tag", ["a"]]]), { BCAT_TAG: "nightly" }).list("tag")).toEqual(["a"]);
  });

  test("ignores variables that name no flag", () => {
    expect(() => read({ BCAT_FROB: "", BCAT_PASSWORD: "x" })).not.toThrow();
  });

  test.each([
    { BCAT_DRY_RUN: "maybe" },
    { BCAT_DRY_RUN: "" },
    { BCAT_REPOSITORY: "" },
    { BCAT_REPOSITORY: "/a", BCAT_REPO: "/b" },
    { BCAT_LEVEL: "middle" },
  ])("refuses %j", (variables) => {
    expect(() => read(variables)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("does not look at a variable whose flag is given", () => {
    expect(read({ BCAT_LEVEL: "middle" }, new Map([["level", ["low"]]])).text("level")).toBe("low");
  });

  test("has only flags that are declared, of their kind", () => {
    expect(() => read({}).text("frob")).toThrow(RangeError);
    expect(() => read({}).text("exclude")).toThrow(RangeError);
  });
});
