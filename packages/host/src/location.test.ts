import { describe, expect, test } from "vitest";
import { baseDirectory, locateRepository } from "./location.js";

describe("locateRepository()", () => {
  test.each([
    ["/a/b/../c/", "/a/c"],
    ["x", `${process.cwd()}/x`],
    ["local:/a", "/a"],
    ["file:///a%20b", "/a b"],
    ["FILE://localhost/a", "/a"],
    ["./s3:x", `${process.cwd()}/s3:x`],
    ["photos:2026", `${process.cwd()}/photos:2026`],
  ])("takes %s for the folder %s", (given, folder) => {
    expect(locateRepository(given, {})).toEqual({ kind: "folder", location: folder, path: folder });
  });

  test.each([
    "s3://bucket/prefix",
    "s3:https://host/bucket",
    "S3:x",
    "sftp:me@host:/x",
    "rest:http://host/",
    "frob://x",
    "file:x",
    "file://host/x",
    "file:///a?b",
    "file:///a%00b",
    "file:///%zz",
    "local:",
  ])("refuses %s", (given) => {
    expect(() => locateRepository(given, {})).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("does not repeat what may hold a password", () => {
    expect(() => locateRepository("rest:https://me:secret@host/", {})).toThrow(/^((?!secret).)*$/s);
  });

  test("has a default, by XDG_DATA_HOME or HOME", () => {
    expect(locateRepository(undefined, { XDG_DATA_HOME: "/d", HOME: "/h" }).location).toBe("/d/bcat");
    expect(locateRepository(undefined, { XDG_DATA_HOME: "relative", HOME: "/h" }).location).toBe(
      "/h/.local/share/bcat",
    );
    expect(() => locateRepository(undefined, { HOME: "" })).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

test("baseDirectory() is undefined without a home", () => {
  expect(baseDirectory("XDG_CACHE_HOME", ".cache", {})).toBeUndefined();
});
